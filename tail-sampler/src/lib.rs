//! A program that samples completed traces across services.
//!
//! It receives OTLP over HTTP and gRPC, decides about whole traces with `tracing_sampling::tail`, and exports the kept spans
//! over OTLP. With the feature `kafka` it also reads a topic, as a member of a consumer group. `README.md` describes how to run it.

mod adaptive;
mod admin;
mod authorize;
mod client_tls;
mod config;
mod control;
mod explain;
mod exporter;
mod files;
mod grpc;
mod http;
mod intake;
#[cfg(feature = "kafka")]
mod kafka;
mod metrics;
mod refused;
mod reload;
mod secret;
mod serve;
mod tls;

pub use adaptive::{AdaptiveConfig, StorageFigure};
pub use client_tls::ClientTls;
pub use config::{Config, ExporterConfig, Receivers};
pub use control::Control;
pub use explain::{Explanation, explain};
pub use exporter::ExporterError;
#[cfg(feature = "kafka")]
pub use kafka::{DecisionError, DecisionRecord, Decisions, KafkaConfig, Mechanism, Sasl, StartKafkaError};
pub use secret::{Secret, SecretError};
pub use serve::{Running, ServeError, start};
pub use tls::{ServerTls, TlsError};
