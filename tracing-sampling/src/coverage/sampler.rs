//! A sampler whose decisions are counted.

use tracing_core_lite::sampling::SamplingInput;
use tracing_core_lite::sampling::consistent::{Randomness, Threshold};

use super::Coverage;
use crate::head::composable::impl_sampler;
use crate::head::{ComposableSampler, Intent};

/// The policy of a sampler that names none.
pub(super) const UNNAMED: &str = "(none)";

impl Coverage {
    /// Wraps a sampler, and counts its decisions about roots.
    #[must_use]
    pub fn sampler<S: ComposableSampler>(&self, sampler: S) -> CoverageSampler<S> {
        CoverageSampler::new(sampler, self.clone())
    }
}

/// A sampler that counts decisions about roots; created by [`Coverage::sampler`].
#[derive(Debug)]
pub struct CoverageSampler<S> {
    inner: S,
    coverage: Coverage,
}

impl<S: ComposableSampler> CoverageSampler<S> {
    pub(super) fn new(inner: S, coverage: Coverage) -> Self {
        Self { inner, coverage }
    }
}

impl<S: ComposableSampler> ComposableSampler for CoverageSampler<S> {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        let intent = self.inner.intent(input);
        if input.parent.is_none() {
            let policy = intent.policy.map_or(UNNAMED, |policy| &**policy);
            let mut table = self.coverage.table();
            let counts = table.policy(input.service_name(), input.name, policy);
            counts.seen += 1;
            counts.expected += intent.threshold.probability();
            counts.sampled += u64::from(is_sampled(intent.threshold, input));
        }
        intent
    }

    fn description(&self) -> String {
        self.inner.description()
    }
}

impl_sampler!(CoverageSampler<S>, S: ComposableSampler);

/// The randomness of a root is always that of its trace id.
fn is_sampled(threshold: Threshold, input: &SamplingInput<'_>) -> bool {
    threshold.samples(Randomness::from_trace_id(input.trace_id))
}
