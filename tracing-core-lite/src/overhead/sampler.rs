//! The sampler of a provider whose budget is enforced.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, TraceId, TraceState};

use super::controls::Controls;
use crate::sampling::consistent::{OtTraceState, Randomness, Threshold};
use crate::sampling::{Record, Sampler, SamplingDecision, SamplingInput};

/// The attribute of requests whose trace the budget sampled less often: the `th` without the budget, which counts if the
/// request fails.
pub(crate) const BASE_THRESHOLD: &str = "tracing_suite.overhead.base_threshold";

/// Samples a share of the traces that another sampler samples, consistently. Of the others, the span of the request is
/// recorded, in case that the request fails.
#[derive(Debug)]
pub(crate) struct BudgetSampler {
    inner: Arc<dyn Sampler>,
    controls: Arc<Controls>,
}

impl BudgetSampler {
    pub(crate) fn new(inner: Arc<dyn Sampler>, controls: Arc<Controls>) -> Self {
        Self { inner, controls }
    }

    fn lower(&self, decision: SamplingDecision, input: &SamplingInput<'_>) -> SamplingDecision {
        let inherited = || input.parent.map_or(&TraceState::NONE, |parent| parent.trace_state());
        let trace_state = decision.trace_state.as_ref().unwrap_or_else(inherited);
        let mut ot = OtTraceState::of(trace_state);
        let base = ot.threshold().unwrap_or(Threshold::ALWAYS);
        let threshold = self.controls.threshold_within(base);
        let is_sampled = threshold.samples(randomness(&ot, input.trace_id));
        let is_counted = is_sampled && decision.record == Record::RecordAndSample;
        ot.set_threshold(is_counted.then_some(threshold));
        let lowered = ot.put_into(trace_state);
        let mut attributes = decision.attributes;
        attributes.push(KeyValue::new(BASE_THRESHOLD, base.to_string()));
        let record = if is_sampled { decision.record } else { Record::RecordOnly };
        SamplingDecision::new(record).with_trace_state(lowered).with_attributes(attributes)
    }

    /// Returns whether the budget samples the trace of `parent`.
    fn samples_trace_of(&self, parent: &SpanContext) -> bool {
        let ot = OtTraceState::of(parent.trace_state());
        let threshold = self.controls.threshold_within(ot.threshold().unwrap_or(Threshold::ALWAYS));
        threshold.samples(randomness(&ot, parent.trace_id()))
    }
}

fn randomness(ot: &OtTraceState, trace_id: TraceId) -> Randomness {
    ot.randomness().unwrap_or_else(|| Randomness::from_trace_id(trace_id))
}

impl Sampler for BudgetSampler {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        if self.controls.samples_all() {
            return self.inner.sample(input);
        }
        match input.parent.filter(|parent| !parent.is_remote()) {
            Some(parent) if !parent.is_sampled() && !self.samples_trace_of(parent) => Record::Drop.into(),
            Some(_) => self.inner.sample(input),
            None => match self.inner.sample(input) {
                dropped @ SamplingDecision { record: Record::Drop, .. } => dropped,
                decision => self.lower(decision, input),
            },
        }
    }

    #[inline]
    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        if self.controls.samples_all() {
            return self.inner.sample_children_of(parent);
        }
        match (parent.is_remote(), parent.is_sampled()) {
            // The decision changes the tracestate.
            (true, _) => match self.inner.sample_children_of(parent) {
                Some(Record::Drop) => Some(Record::Drop),
                _ => None,
            },
            (false, true) => self.inner.sample_children_of(parent),
            (false, false) => match self.inner.sample_children_of(parent) {
                Some(Record::Drop) => Some(Record::Drop),
                _ if !self.samples_trace_of(parent) => Some(Record::Drop),
                inner => inner,
            },
        }
    }

    fn sample_roots(&self) -> Option<Record> {
        match self.inner.sample_roots() {
            Some(Record::Drop) => Some(Record::Drop),
            decision if self.controls.samples_all() => decision,
            _ => None,
        }
    }

    fn description(&self) -> String {
        self.inner.description()
    }
}

/// Returns the tracestate of a failed request: the budget exports all of them, so their `th` is that without the budget.
pub(crate) fn trace_state_of_failed(trace_state: &TraceState, base: &str) -> TraceState {
    let mut ot = OtTraceState::of(trace_state);
    ot.set_threshold(Threshold::parse(base));
    ot.put_into(trace_state)
}
