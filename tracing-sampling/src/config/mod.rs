//! Configuration formats that users already have.

#[cfg(feature = "collector-config")]
pub mod collector;
mod error;

pub use error::ConfigError;
