//! Probability sampling.

use opentelemetry::trace::TraceState;

use super::consistent::{OT, Threshold};
use super::{Sampler, SamplingDecision, SamplingInput};

/// A sampler that records a share of all traces: `traceidratio`.
///
/// It compares the randomness of the trace (`rv` in the `ot` member of the parent's tracestate, or else the low 56 bits
/// of the trace id) with a threshold. Samplers with the same share therefore choose the same traces, and one with a
/// larger share chooses all of these and more. A sampled span sends the threshold on as `ot=th:…`. An unsampled span
/// removes the threshold of its parent, because it no longer applies. The rest of tracestate is kept.
///
/// As the root of [`ParentBased`](super::ParentBased) it decides once for each trace. On its own it decides about each
/// span and ignores the parent's sampled flag.
///
/// Source: OpenTelemetry specification, "TraceState: Probability Sampling" and "TraceState Handling".
#[derive(Debug, Clone)]
pub struct Ratio {
    threshold: Threshold,
    /// `th:…`
    member: String,
    /// The tracestate of a sampled root, created once.
    root: TraceState,
}

impl Ratio {
    /// Creates a sampler that records this share of all traces, from 0 (none) to 1 (all). Larger values are treated as
    /// 1. Values below 2⁻⁵⁶ and NaN are treated as 0.
    #[must_use]
    pub fn new(probability: f64) -> Self {
        Self::with_threshold(threshold(probability))
    }

    /// Creates a sampler like [`new`](Ratio::new) whose threshold is rounded to `digits` significant hex digits, for a
    /// shorter tracestate. With 4 digits the error is less than a thousandth of the share. 0 and values above 14 mean
    /// all 14 digits.
    #[must_use]
    pub fn with_precision(probability: f64, digits: u8) -> Self {
        Self::with_threshold(threshold(probability).rounded(digits))
    }

    fn with_threshold(threshold: Threshold) -> Self {
        let member = format!("th:{threshold}");
        let root = TraceState::from_key_value([(OT, member.as_str())]).unwrap_or_default();
        Self { threshold, member, root }
    }

    /// Returns the threshold that the randomness of traces is compared with.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// Returns the tracestate of a span whose parent has no `ot` member.
    fn add_member(&self, parent: &TraceState) -> TraceState {
        if *parent == TraceState::NONE {
            return self.root.clone();
        }
        parent.insert(OT, self.member.as_str()).unwrap_or_else(|_| parent.clone())
    }
}

fn threshold(probability: f64) -> Threshold {
    match Threshold::from_probability(probability) {
        Ok(threshold) => threshold,
        Err(_) if probability > 1.0 => Threshold::ALWAYS,
        Err(_) => Threshold::NEVER,
    }
}

impl Sampler for Ratio {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        SamplingDecision::consistent(self.threshold, input, |parent| self.add_member(parent))
    }

    fn description(&self) -> String {
        format!("TraceIdRatioBased{{{}}}", self.threshold.probability())
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceFlags, TraceId};

    use super::*;
    use crate::sampling::Record;

    const HIGH: u128 = 0xffff_ffff_ffff_ffff;
    const LOW: u128 = 0xff00_0000_0000_0001;

    fn sample(ratio: &Ratio, trace_id: u128, parent: Option<&[(&str, &str)]>) -> SamplingDecision {
        let trace_id = TraceId::from(trace_id);
        let parent = parent.map(|members| {
            let trace_state = TraceState::from_key_value(members.iter().copied()).unwrap();
            SpanContext::new(trace_id, SpanId::from(1), TraceFlags::SAMPLED, true, trace_state)
        });
        ratio.sample(&SamplingInput::new(parent.as_ref(), trace_id, "name", &SpanKind::Internal))
    }

    fn header(decision: &SamplingDecision) -> Option<String> {
        decision.trace_state.as_ref().map(TraceState::header)
    }

    #[test]
    fn a_sampled_span_carries_the_threshold_in_front() {
        let half = Ratio::new(0.5);
        for (parent, expected) in [
            (None, Some("ot=th:8")),
            (Some(&[][..]), Some("ot=th:8")),
            (Some(&[("a", "1")][..]), Some("ot=th:8,a=1")),
            (
                Some(&[("a", "1"), ("ot", "x:y;th:c;rv:ffffffffffffff")][..]),
                Some("ot=th:8;rv:ffffffffffffff;x:y,a=1"),
            ),
            (Some(&[("a", "1"), ("ot", "th:8")][..]), None),
            (Some(&[("ot", "th:zz;p:1")][..]), Some("ot=th:8;p:1")),
        ] {
            let decision = sample(&half, HIGH, parent);
            assert_eq!(decision.record, Record::RecordAndSample);
            assert_eq!(header(&decision).as_deref(), expected, "{parent:?}");
        }
    }

    #[test]
    fn an_unsampled_span_carries_no_threshold() {
        let half = Ratio::new(0.5);
        for (parent, expected) in [
            (None, None),
            (Some(&[("a", "1")][..]), None),
            (Some(&[("a", "1"), ("ot", "th:0")][..]), Some("a=1")),
            (Some(&[("a", "1"), ("ot", "rv:00000000000000")][..]), None),
            (
                Some(&[("a", "1"), ("ot", "th:0;rv:00000000000000;x:y")][..]),
                Some("ot=rv:00000000000000;x:y,a=1"),
            ),
        ] {
            let decision = sample(&half, LOW, parent);
            assert_eq!(decision.record, Record::Drop);
            assert_eq!(header(&decision).as_deref(), expected, "{parent:?}");
        }
    }

    #[test]
    fn explicit_randomness_goes_before_the_trace_id() {
        let half = Ratio::new(0.5);
        assert_eq!(sample(&half, HIGH, Some(&[("ot", "rv:7fffffffffffff")])).record, Record::Drop);
        assert_eq!(sample(&half, LOW, Some(&[("ot", "rv:80000000000000")])).record, Record::RecordAndSample);
    }

    #[test]
    fn all_and_none() {
        for (probability, record) in [
            (1.0, Record::RecordAndSample),
            (7.0, Record::RecordAndSample),
            (f64::INFINITY, Record::RecordAndSample),
            (0.0, Record::Drop),
            (-1.0, Record::Drop),
            (1e-300, Record::Drop),
            (f64::NAN, Record::Drop),
        ] {
            for trace_id in [HIGH, LOW, 1] {
                assert_eq!(sample(&Ratio::new(probability), trace_id, None).record, record, "{probability}");
            }
        }
    }

    #[test]
    fn the_share_is_met() {
        let ratio = Ratio::new(0.1);
        let sampled = (0..10_000)
            .filter(|_| sample(&ratio, fastrand::u128(1..), None).record == Record::RecordAndSample)
            .count();
        assert!((850..1150).contains(&sampled), "{sampled} of 10000");
    }
}
