//! Adaptive rates of the services whose spans are received, and Jaeger's remote sampling response with them.

mod config;
mod routes;
mod services;

pub use config::{AdaptiveConfig, StorageFigure};
pub(crate) use routes::router;
pub(crate) use services::Services;
