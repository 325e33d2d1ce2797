//! A program that samples completed traces across services.
//!
//! It receives OTLP over HTTP and gRPC, decides about whole traces with `tracing_sampling::tail`, and exports the kept spans
//! over OTLP. `README.md` describes how to run it.

mod adaptive;
mod admin;
mod config;
mod explain;
mod grpc;
mod http;
mod intake;
mod metrics;
mod refused;
mod reload;
mod serve;

pub use adaptive::{AdaptiveConfig, StorageFigure};
pub use config::{Config, ExporterConfig, Receivers};
pub use explain::{Explanation, explain};
pub use serve::{Running, ServeError, start};
