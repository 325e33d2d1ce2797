//! A sampler that records everything, for a tail sampler.

use tracing_core_lite::SpanContext;
use tracing_core_lite::sampling::{Record, Sampler, SamplingDecision, SamplingInput};

/// A sampler that records every span: what `sampler` drops is recorded without being sampled.
///
/// A [tail sampler](crate::tail) in this process can then decide about every trace, while called services still see the
/// decision of `sampler`. Without a tail sampler, spans that are only recorded are not exported.
///
/// Wrap the whole sampler with it, as in `AlwaysRecord::new(ParentBased::new(…))`. Do not use it for the roots of
/// `ParentBased`, which would drop the children of a root that is only recorded.
///
/// Recording costs as much as sampling: the attributes of every span are written, and kept until its trace is decided.
///
/// Source: OpenTelemetry specification, "Tracing SDK", section "AlwaysRecord".
///
/// ```
/// use tracing_core_lite::SpanKind;
/// use tracing_core_lite::opentelemetry::trace::TraceId;
/// use tracing_core_lite::sampling::{AlwaysOff, ParentBased, Record, Sampler, SamplingInput};
/// use tracing_sampling::head::AlwaysRecord;
///
/// let sampler = AlwaysRecord::new(ParentBased::new(AlwaysOff));
/// let decision = sampler.sample(&SamplingInput::new(None, TraceId::from(1), "GET", &SpanKind::Server));
/// assert_eq!(decision.record, Record::RecordOnly);
/// ```
#[derive(Debug, Clone)]
pub struct AlwaysRecord<S>(S);

impl<S: Sampler> AlwaysRecord<S> {
    /// Creates a sampler that records what `sampler` drops.
    pub fn new(sampler: S) -> Self {
        Self(sampler)
    }
}

fn recorded(record: Record) -> Record {
    match record {
        Record::Drop => Record::RecordOnly,
        other => other,
    }
}

impl<S: Sampler> Sampler for AlwaysRecord<S> {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        let mut decision = self.0.sample(input);
        decision.record = recorded(decision.record);
        decision
    }

    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        self.0.sample_children_of(parent).map(recorded)
    }

    fn sample_roots(&self) -> Option<Record> {
        self.0.sample_roots().map(recorded)
    }

    fn description(&self) -> String {
        format!("AlwaysRecord{{{}}}", self.0.description())
    }
}
