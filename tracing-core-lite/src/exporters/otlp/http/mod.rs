//! OTLP over HTTP.

mod batch_body;
mod client;
mod exporter;
mod receive_first;
mod response;

pub use exporter::OtlpHttp;
