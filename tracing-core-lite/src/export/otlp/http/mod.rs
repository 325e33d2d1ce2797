//! OTLP over HTTP.

mod answer;
mod connection;
mod exporter;
mod plain;

pub use exporter::OtlpHttp;
