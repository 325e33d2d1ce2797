//! The core of the suite (under construction).
pub use opentelemetry;
pub use opentelemetry::Context;
pub mod export;
pub mod span;
#[cfg(feature = "testing")]
pub mod testing;
