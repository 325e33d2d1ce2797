//! OTLP: sends spans to a collector or a backend.
//!
//! [`OtlpConfig`] says where to send spans and how. [`OtlpConfig::from_env`] reads it from the `OTEL_EXPORTER_OTLP_*`
//! variables, and [`OtlpConfig::build`] builds the exporter for its protocol.

mod build;
mod config;
mod connect;
mod endpoint;
mod env;
mod error;
#[cfg(feature = "otlp-grpc")]
mod grpc;
mod headers;
#[cfg(feature = "otlp-http")]
mod http;
mod protocol;
mod reply;
mod retry_after;
mod secrets;

pub use config::OtlpConfig;
pub use error::OtlpConfigError;
#[cfg(feature = "otlp-grpc")]
pub use grpc::OtlpGrpc;
#[cfg(feature = "otlp-http")]
pub use http::OtlpHttp;
pub use protocol::{Compression, Protocol};
