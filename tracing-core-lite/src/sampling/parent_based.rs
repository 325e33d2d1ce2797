//! A sampler that follows the parent's decision.

use std::sync::Arc;

use opentelemetry::trace::SpanContext;

use super::{AlwaysOff, AlwaysOn, Record, Sampler, SamplingDecision, SamplingInput};

/// A sampler that decides as the parent did, so that traces are complete. Another sampler decides about roots:
/// `parentbased_…`.
///
/// By default a span is recorded if its parent is sampled, whether the parent is in this process or another. Each of
/// the four cases can be given a sampler of its own. A span that follows its parent keeps its tracestate, and sampling
/// it does not allocate.
///
/// Source: OpenTelemetry specification, "Tracing SDK", section "ParentBased".
///
/// ```
/// use tracing_core_lite::sampling::{ParentBased, Ratio, Sampler};
///
/// // Of the traces that callers mark as sampled, record a tenth, so that callers cannot fill the storage.
/// let sampler = ParentBased::new(Ratio::new(0.1)).with_remote_parent_sampled(Ratio::new(0.1));
/// assert!(sampler.description().starts_with("ParentBased{root:TraceIdRatioBased{0.1"));
/// ```
#[derive(Debug, Clone)]
pub struct ParentBased<S> {
    root: S,
    remote_parent_sampled: Option<Arc<dyn Sampler>>,
    remote_parent_not_sampled: Option<Arc<dyn Sampler>>,
    local_parent_sampled: Option<Arc<dyn Sampler>>,
    local_parent_not_sampled: Option<Arc<dyn Sampler>>,
}

impl<S: Sampler> ParentBased<S> {
    /// Creates a sampler that asks `root` about spans without a parent.
    pub fn new(root: S) -> Self {
        Self {
            root,
            remote_parent_sampled: None,
            remote_parent_not_sampled: None,
            local_parent_sampled: None,
            local_parent_not_sampled: None,
        }
    }

    /// Sets the sampler for spans whose parent is in another process and sampled. By default they are recorded.
    #[must_use]
    pub fn with_remote_parent_sampled(mut self, sampler: impl Sampler) -> Self {
        self.remote_parent_sampled = Some(Arc::new(sampler));
        self
    }

    /// Sets the sampler for spans whose parent is in another process and not sampled. By default they are dropped.
    #[must_use]
    pub fn with_remote_parent_not_sampled(mut self, sampler: impl Sampler) -> Self {
        self.remote_parent_not_sampled = Some(Arc::new(sampler));
        self
    }

    /// Sets the sampler for spans whose parent is in this process and sampled. By default they are recorded.
    #[must_use]
    pub fn with_local_parent_sampled(mut self, sampler: impl Sampler) -> Self {
        self.local_parent_sampled = Some(Arc::new(sampler));
        self
    }

    /// Sets the sampler for spans whose parent is in this process and not sampled. By default they are dropped.
    #[must_use]
    pub fn with_local_parent_not_sampled(mut self, sampler: impl Sampler) -> Self {
        self.local_parent_not_sampled = Some(Arc::new(sampler));
        self
    }
}

impl<S> ParentBased<S> {
    /// Returns the sampler for children of `parent`, or `None` if they follow it.
    fn delegate(&self, parent: &SpanContext) -> Option<&dyn Sampler> {
        match (parent.is_remote(), parent.is_sampled()) {
            (true, true) => &self.remote_parent_sampled,
            (true, false) => &self.remote_parent_not_sampled,
            (false, true) => &self.local_parent_sampled,
            (false, false) => &self.local_parent_not_sampled,
        }
        .as_deref()
    }
}

impl<S: Sampler> Sampler for ParentBased<S> {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        let Some(parent) = input.parent else { return self.root.sample(input) };
        match self.delegate(parent) {
            Some(sampler) => sampler.sample(input),
            None if parent.is_sampled() => Record::RecordAndSample.into(),
            None => Record::Drop.into(),
        }
    }

    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        match self.delegate(parent) {
            Some(sampler) => sampler.sample_children_of(parent),
            None if parent.is_sampled() => Some(Record::RecordAndSample),
            None => Some(Record::Drop),
        }
    }

    fn sample_roots(&self) -> Option<Record> {
        self.root.sample_roots()
    }

    fn description(&self) -> String {
        let name = |sampler: &Option<Arc<dyn Sampler>>, default: &dyn Sampler| {
            sampler.as_deref().unwrap_or(default).description()
        };
        format!(
            "ParentBased{{root:{},remoteParentSampled:{},remoteParentNotSampled:{},localParentSampled:{},\
             localParentNotSampled:{}}}",
            self.root.description(),
            name(&self.remote_parent_sampled, &AlwaysOn),
            name(&self.remote_parent_not_sampled, &AlwaysOff),
            name(&self.local_parent_sampled, &AlwaysOn),
            name(&self.local_parent_not_sampled, &AlwaysOff),
        )
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, SpanKind, TraceFlags, TraceId, TraceState};

    use super::*;

    fn sample(sampler: &impl Sampler, parent: Option<(bool, bool)>) -> Record {
        let trace_id = TraceId::from(1);
        let parent = parent.map(|(remote, sampled)| {
            let flags = TraceFlags::default().with_sampled(sampled);
            SpanContext::new(trace_id, SpanId::from(1), flags, remote, TraceState::NONE)
        });
        let decision =
            sampler.sample(&SamplingInput::new(parent.as_ref(), trace_id, "name", &SpanKind::Internal));
        assert_eq!(decision.trace_state, None);
        match &parent {
            Some(parent) => assert_eq!(sampler.sample_children_of(parent), Some(decision.record)),
            None => assert_eq!(sampler.sample_roots(), Some(decision.record)),
        }
        decision.record
    }

    #[test]
    fn by_default_the_parent_decides() {
        for root in [Arc::new(AlwaysOn) as Arc<dyn Sampler>, Arc::new(AlwaysOff)] {
            let sampler = ParentBased::new(root.clone());
            for remote in [true, false] {
                assert_eq!(sample(&sampler, Some((remote, true))), Record::RecordAndSample);
                assert_eq!(sample(&sampler, Some((remote, false))), Record::Drop);
            }
            assert_eq!(sample(&sampler, None), sample(&root, None));
        }
    }

    #[test]
    fn each_case_can_be_given_away() {
        let sampler = ParentBased::new(AlwaysOff)
            .with_remote_parent_sampled(AlwaysOff)
            .with_remote_parent_not_sampled(AlwaysOn)
            .with_local_parent_sampled(AlwaysOff)
            .with_local_parent_not_sampled(AlwaysOn);
        for remote in [true, false] {
            assert_eq!(sample(&sampler, Some((remote, true))), Record::Drop);
            assert_eq!(sample(&sampler, Some((remote, false))), Record::RecordAndSample);
        }
    }

    #[test]
    fn an_invalid_parent_is_none() {
        let none = SpanContext::NONE;
        let input = SamplingInput::new(Some(&none), TraceId::from(1), "name", &SpanKind::Internal);
        assert_eq!(ParentBased::new(AlwaysOn).sample(&input).record, Record::RecordAndSample);
    }
}
