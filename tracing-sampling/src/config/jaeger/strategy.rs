//! The strategy of one service.

use std::collections::BTreeMap;

/// How a service samples.
///
/// ```
/// use tracing_sampling::config::jaeger::Strategy;
///
/// let strategy = Strategy::from_response(r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":5}}"#)?;
/// assert_eq!(strategy, Strategy::RateLimiting(5.0));
/// # Ok::<(), tracing_sampling::config::jaeger::JaegerError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Strategy {
    /// A share of all traces, from 0 to 1.
    Probabilistic(f64),
    /// Traces per second.
    RateLimiting(f64),
    /// By operation, the name of the root span.
    PerOperation(Box<OperationStrategies>),
}

/// Strategies of the operations of a service.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OperationStrategies {
    /// The strategy of all other operations.
    pub default: Strategy,
    /// The traces per second that each operation samples at least, 0 for no such bound.
    pub lower_bound: f64,
    /// The strategies by operation.
    pub operations: BTreeMap<String, Strategy>,
}

impl OperationStrategies {
    /// Creates strategies without operations of their own, and without a lower bound.
    #[must_use]
    pub fn new(default: Strategy) -> Self {
        Self { default, lower_bound: 0.0, operations: BTreeMap::new() }
    }

    /// Sets the traces per second that each operation samples at least.
    #[must_use]
    pub fn with_lower_bound(mut self, traces_per_second: f64) -> Self {
        self.lower_bound = traces_per_second;
        self
    }

    /// Sets the strategy of an operation.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<String>, strategy: Strategy) -> Self {
        self.operations.insert(operation.into(), strategy);
        self
    }
}
