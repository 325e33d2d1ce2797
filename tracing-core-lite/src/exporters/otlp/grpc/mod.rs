//! OTLP over gRPC.

mod codec;
mod exporter;
mod gathered;
mod retry_info;
mod worker;

pub use exporter::OtlpGrpc;
