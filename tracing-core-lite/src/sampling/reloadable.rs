//! A sampler that can be replaced while spans start.

use std::sync::Arc;

use arc_swap::ArcSwap;
use opentelemetry::trace::SpanContext;

use super::{Record, Sampler, SamplingDecision, SamplingInput};

/// A sampler that passes each question to another one, which can be replaced while spans start. Clones refer to the same one.
///
/// Each decision is made by one sampler as a whole. Threads that start spans never wait for an exchange. Below
/// [`ParentBased`](super::ParentBased), traces that began before an exchange are not cut by it.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::sampling::{ParentBased, Ratio, ReloadableSampler};
///
/// let sampler = ReloadableSampler::new(ParentBased::new(Ratio::new(0.01)));
/// let provider = TracerProvider::builder().with_sampler(sampler.clone()).build()?;
/// // During an incident:
/// sampler.set(ParentBased::new(Ratio::new(1.0)));
/// assert!(provider.tracer("shop").span("GET /orders").start().is_recording());
/// # Ok::<(), tracing_core_lite::BuildError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReloadableSampler(Arc<ArcSwap<Box<dyn Sampler>>>);

impl ReloadableSampler {
    /// Creates a sampler that decides as `sampler` until it is replaced.
    #[must_use]
    pub fn new(sampler: impl Sampler) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Box::new(sampler))))
    }

    /// Replaces the sampler. Spans that start after this returns are decided by the new one.
    pub fn set(&self, sampler: impl Sampler) {
        self.0.store(Arc::new(Box::new(sampler)));
    }
}

impl Sampler for ReloadableSampler {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        self.0.load().sample(input)
    }

    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        self.0.load().sample_children_of(parent)
    }

    fn sample_roots(&self) -> Option<Record> {
        self.0.load().sample_roots()
    }

    fn description(&self) -> String {
        self.0.load().description()
    }
}
