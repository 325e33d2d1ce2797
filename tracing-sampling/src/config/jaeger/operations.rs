//! The sampler of a strategy.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tracing_core_lite::sampling::{Ratio, SamplingInput};

use super::{OperationStrategies, Strategy};
use crate::head::{AnyOf, ComposableSampler, Intent, RateLimiting};

/// The maximum number of unnamed operations that get their own lower bound. Jaeger's clients have the same limit.
const MAX_OPERATIONS: usize = 2000;

/// Returns the sampler of a strategy.
pub(super) fn sampler(strategy: &Strategy) -> Box<dyn ComposableSampler> {
    match strategy {
        Strategy::Probabilistic(probability) => Box::new(Ratio::new(*probability)),
        Strategy::RateLimiting(limit) => Box::new(RateLimiting::new(*limit)),
        Strategy::PerOperation(strategies) => Box::new(PerOperation::new(strategies)),
    }
}

/// A sampler with a strategy for each operation.
#[derive(Debug)]
struct PerOperation {
    strategies: OperationStrategies,
    named: HashMap<String, Arc<dyn ComposableSampler>>,
    /// For all operations that are not named.
    default: Arc<dyn ComposableSampler>,
    /// For operations that are not named, if each of them has a lower bound.
    seen: RwLock<HashMap<String, Arc<dyn ComposableSampler>>>,
}

impl PerOperation {
    fn new(strategies: &OperationStrategies) -> Self {
        let named = strategies.operations.iter();
        Self {
            strategies: strategies.clone(),
            named: named
                .map(|(operation, strategy)| (operation.clone(), bounded(strategy, strategies.lower_bound)))
                .collect(),
            default: Arc::from(sampler(&strategies.default)),
            seen: RwLock::default(),
        }
    }

    fn find(&self, operation: &str) -> Arc<dyn ComposableSampler> {
        if self.strategies.lower_bound <= 0.0 {
            return Arc::clone(&self.default);
        }
        if let Some(sampler) = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(operation) {
            return Arc::clone(sampler);
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_OPERATIONS {
            return Arc::clone(&self.default);
        }
        let new = || bounded(&self.strategies.default, self.strategies.lower_bound);
        Arc::clone(seen.entry(operation.to_owned()).or_insert_with(new))
    }
}

/// Returns a sampler that samples at least `lower_bound` traces per second.
fn bounded(strategy: &Strategy, lower_bound: f64) -> Arc<dyn ComposableSampler> {
    if lower_bound <= 0.0 {
        return Arc::from(sampler(strategy));
    }
    Arc::new(AnyOf::new().with(sampler(strategy)).with(RateLimiting::new(lower_bound)))
}

impl ComposableSampler for PerOperation {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        match self.named.get(input.name) {
            Some(sampler) => sampler.intent(input),
            // The policy would borrow from a temporary sampler. These samplers have no policy.
            None => Intent { policy: None, ..without_policy(&self.find(input.name).intent(input)) },
        }
    }

    fn description(&self) -> String {
        format!("PerOperation{{{} operations,default:{}}}", self.named.len(), self.default.description())
    }
}

fn without_policy(intent: &Intent<'_>) -> Intent<'static> {
    let mut own = Intent::new(intent.threshold);
    own.is_counted = intent.is_counted;
    own
}
