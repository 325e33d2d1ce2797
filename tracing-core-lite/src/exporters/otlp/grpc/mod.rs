//! OTLP over gRPC.

mod codec;
mod connection;
mod exporter;
mod non_grpc;
mod retry_info;
mod send_buffer;
mod worker;

pub use exporter::OtlpGrpc;
