//! The configuration formats of Jaeger and the Collector.

#[cfg(feature = "collector-config")]
pub mod collector;
mod error;
#[cfg(feature = "jaeger")]
pub mod jaeger;

pub use error::ConfigError;
