//! OTLP over HTTP.

mod answer;
mod exporter;
mod heard;
mod pieces;
mod plain;

pub use exporter::OtlpHttp;
