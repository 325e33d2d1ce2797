//! The core of the suite (under construction).
pub use opentelemetry;
pub use opentelemetry::Context;
pub mod export;
#[cfg(feature = "log")]
pub mod log;
pub mod propagation;
pub mod sampling;
pub mod span;
