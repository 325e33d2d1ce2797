//! OTLP over gRPC.

mod codec;
mod exporter;
mod retry_info;
mod worker;

pub use exporter::OtlpGrpc;
