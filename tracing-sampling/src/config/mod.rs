//! Configuration formats that users already have.

#[cfg(feature = "collector-config")]
pub mod collector;
mod error;
#[cfg(feature = "jaeger")]
pub mod jaeger;

pub use error::ConfigError;
