//! OTLP: sends spans to a collector or a backend.
//!
//! [`OtlpConfig`] says where to and how; [`OtlpConfig::from_env`] reads it from the `OTEL_EXPORTER_OTLP_*` variables
//! and [`OtlpConfig::build`] makes the exporter that its protocol asks for.
//!
//! ```
//! use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig};
//!
//! let config = OtlpConfig::new()
//!     .with_endpoint("http://collector:4318")
//!     .with_header("x-tenant", "shop")
//!     .with_compression(Compression::Gzip);
//! # assert_eq!(config.traces_url().unwrap(), "http://collector:4318/v1/traces");
//! ```

mod config;
mod endpoint;
mod env;
mod error;
#[cfg(feature = "otlp-grpc")]
mod grpc;
mod headers;
#[cfg(feature = "otlp-http")]
mod http;
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
mod reply;
#[cfg(feature = "otlp-http")]
mod retry_after;
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
mod secrets;

pub use config::{Compression, OtlpConfig, Protocol};
pub use error::OtlpConfigError;
#[cfg(feature = "otlp-grpc")]
pub use grpc::OtlpGrpc;
#[cfg(feature = "otlp-http")]
pub use http::OtlpHttp;

/// Names the exporter to receivers (OTLP exporter specification, section "User Agent").
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
const USER_AGENT: &str = concat!("OTel-OTLP-Exporter-Rust-tracing-core-lite/", env!("CARGO_PKG_VERSION"));
