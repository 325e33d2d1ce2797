//! A sampler that follows the threshold of the parent.

use tracing_core_lite::SpanContext;
use tracing_core_lite::sampling::SamplingInput;
use tracing_core_lite::sampling::consistent::OtTraceState;

use super::composable::{ComposableSampler, Intent, impl_sampler};

/// A sampler that applies the threshold in the parent's tracestate, and asks another sampler about roots.
///
/// If the parent has no threshold, its sampled flag decides. No threshold is then propagated, because the number of spans
/// that a sampled span represents is not known.
///
/// [`ParentBased`](tracing_core_lite::sampling::ParentBased) follows the sampled flag alone, which costs less.
///
/// Source: OpenTelemetry specification, "Tracing SDK", section "ComposableParentThreshold".
#[derive(Debug, Clone)]
pub struct ParentThreshold<S> {
    root: S,
}

impl<S: ComposableSampler> ParentThreshold<S> {
    /// Creates a sampler that asks `root` about spans without a parent.
    pub fn new(root: S) -> Self {
        Self { root }
    }
}

impl<S: ComposableSampler> ComposableSampler for ParentThreshold<S> {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        match input.parent {
            Some(parent) => of_parent(parent),
            None => self.root.intent(input),
        }
    }

    fn description(&self) -> String {
        format!("ParentThreshold{{root:{}}}", self.root.description())
    }
}

impl_sampler!(ParentThreshold<S>, S: ComposableSampler);

/// Returns an intent that follows the parent's decision.
pub(crate) fn of_parent(parent: &SpanContext) -> Intent<'static> {
    match OtTraceState::of(parent.trace_state()).threshold() {
        Some(threshold) => Intent::new(threshold),
        None if parent.is_sampled() => Intent::UNCOUNTED,
        None => Intent::DROP,
    }
}
