//! Exporters: OTLP over HTTP and gRPC, a file of JSON lines, the console, memory, and none; a queue on disk before any of
//! them.

#[cfg(feature = "console")]
pub mod console;
mod discard;
#[cfg(feature = "disk-queue")]
pub mod disk_queue;
mod memory;
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
pub mod otlp;
#[cfg(feature = "otlp-json")]
pub mod otlp_json;

#[cfg(feature = "console")]
pub use console::ConsoleExporter;
pub use discard::Discard;
pub use memory::MemoryExporter;
#[cfg(feature = "otlp-json")]
pub use otlp_json::OtlpJsonFile;
