//! The content of spans and metrics.

mod cache;
mod failure;
mod known;
pub(crate) mod names;
mod parameters;
#[cfg(feature = "metrics")]
mod pool_metrics;
mod query_span;
mod sqlcommenter;

pub use cache::sanitized;
pub use failure::error_class;
pub(crate) use failure::with_failure;
pub use parameters::with_parameters;
#[cfg(feature = "metrics")]
pub(crate) use pool_metrics::PoolMetrics;
pub(crate) use query_span::QuerySpan;
