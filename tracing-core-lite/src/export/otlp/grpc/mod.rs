//! OTLP over gRPC.

mod codec;
mod exporter;
mod worker;

pub use exporter::OtlpGrpc;
