//! Samplers that make the same decision for every span.

use opentelemetry::trace::SpanContext;

use super::{Record, Sampler, SamplingDecision, SamplingInput};

/// A sampler that records every span: `always_on`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysOn;

impl Sampler for AlwaysOn {
    fn sample(&self, _: &SamplingInput<'_>) -> SamplingDecision {
        Record::RecordAndSample.into()
    }

    fn sample_children_of(&self, _: &SpanContext) -> Option<Record> {
        Some(Record::RecordAndSample)
    }

    fn sample_roots(&self) -> Option<Record> {
        Some(Record::RecordAndSample)
    }

    fn description(&self) -> String {
        "AlwaysOnSampler".into()
    }
}

/// A sampler that records no span: `always_off`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysOff;

impl Sampler for AlwaysOff {
    fn sample(&self, _: &SamplingInput<'_>) -> SamplingDecision {
        Record::Drop.into()
    }

    fn sample_children_of(&self, _: &SpanContext) -> Option<Record> {
        Some(Record::Drop)
    }

    fn sample_roots(&self) -> Option<Record> {
        Some(Record::Drop)
    }

    fn description(&self) -> String {
        "AlwaysOffSampler".into()
    }
}
