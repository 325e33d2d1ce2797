//! The counts of a tail sampler.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Spans and traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Amount {
    /// Spans.
    pub spans: u64,
    /// Traces, or units of traces.
    pub traces: u64,
}

impl Amount {
    pub(super) fn add(&mut self, spans: u64, traces: u64) {
        self.spans += spans;
        self.traces += traces;
    }
}

/// The counts of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PolicyStats {
    /// The name of the policy.
    pub policy: String,
    /// What the policy matched, whether or not it decided. Also counted with `dry_run`.
    pub matched: Amount,
    /// What was kept because of the policy.
    pub kept: Amount,
    /// What was dropped because of the policy.
    pub dropped: Amount,
}

/// The counts of a tail sampler. `received` is always the sum of `kept`, `dropped` and `pending`, for spans and for traces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TailStats {
    /// What was received.
    pub received: Amount,
    /// What was kept. Late spans count as spans and not as traces.
    pub kept: Amount,
    /// What was dropped by decision.
    pub dropped: Amount,
    /// What is pending.
    pub pending: Amount,
    /// The memory of pending traces, in bytes.
    pub pending_bytes: u64,
    /// Late spans that were kept, following an earlier decision.
    pub late_kept_spans: u64,
    /// Late spans that were dropped, following an earlier decision.
    pub late_dropped_spans: u64,
    /// Duplicates of spans, which are counted as dropped. See [`TailSettings::deduplicate`](super::TailSettings::deduplicate).
    pub duplicate_spans: u64,
    /// Traces that were decided early because memory was full.
    pub evicted_traces: u64,
    /// Traces that were decided early because they were too large.
    pub oversized_traces: u64,
    /// Spans without a valid trace id, which are dropped and not counted as received.
    pub invalid_spans: u64,
    /// Requests with a part that is not OTLP, which is dropped and not counted as received.
    pub malformed_requests: u64,
    /// Kept spans that the exporter accepted.
    pub exported_spans: u64,
    /// Kept spans that were lost because their export failed.
    pub failed_spans: u64,
    /// The counts by policy.
    pub policies: Vec<PolicyStats>,
}

impl TailStats {
    /// Adds the counts of another sampler.
    pub fn add(&mut self, other: &Self) {
        for (to, from) in [
            (&mut self.received, other.received),
            (&mut self.kept, other.kept),
            (&mut self.dropped, other.dropped),
            (&mut self.pending, other.pending),
        ] {
            to.add(from.spans, from.traces);
        }
        for (to, from) in [
            (&mut self.pending_bytes, other.pending_bytes),
            (&mut self.late_kept_spans, other.late_kept_spans),
            (&mut self.late_dropped_spans, other.late_dropped_spans),
            (&mut self.duplicate_spans, other.duplicate_spans),
            (&mut self.evicted_traces, other.evicted_traces),
            (&mut self.oversized_traces, other.oversized_traces),
            (&mut self.invalid_spans, other.invalid_spans),
            (&mut self.malformed_requests, other.malformed_requests),
            (&mut self.exported_spans, other.exported_spans),
            (&mut self.failed_spans, other.failed_spans),
        ] {
            *to += from;
        }
        for policy in &other.policies {
            let known = self.policies.iter().position(|known| known.policy == policy.policy);
            let index = known.unwrap_or_else(|| {
                self.policies.push(PolicyStats { policy: policy.policy.clone(), ..PolicyStats::default() });
                self.policies.len() - 1
            });
            let to = &mut self.policies[index];
            to.matched.add(policy.matched.spans, policy.matched.traces);
            to.kept.add(policy.kept.spans, policy.kept.traces);
            to.dropped.add(policy.dropped.spans, policy.dropped.traces);
        }
    }
}

/// The counts of one thread. They are updated together, so that they always add up.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts(Arc<Mutex<TailStats>>);

impl Counts {
    pub(super) fn lock(&self) -> MutexGuard<'_, TailStats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the sum of all `counts`.
    pub(super) fn sum<'a>(counts: impl IntoIterator<Item = &'a Self>) -> TailStats {
        let mut sum = TailStats::default();
        for count in counts {
            sum.add(&count.lock());
        }
        sum
    }
}
