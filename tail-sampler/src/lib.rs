//! A program that samples the traces of many services when they have ended.
//!
//! It receives OTLP over HTTP and gRPC, decides about whole traces with `tracing_sampling::tail`, and sends what is kept over
//! OTLP. `README.md` describes how to run it.

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

pub use config::{Config, ExporterConfig, Receivers};
pub use explain::{Explanation, explain};
pub use serve::{Running, ServeError, start};
