//! Decisions about traces, for programs that store them.

use std::sync::Arc;

use tracing_core_lite::opentelemetry::trace::TraceId;

use super::cache::Kept;
use super::plan::NewThreshold;

/// A decision about a trace. A [`TailBuffer`](super::TailBuffer) returns those it makes, and follows those that it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceDecision {
    /// The trace.
    pub trace_id: TraceId,
    /// Whether the trace is kept.
    pub kept: bool,
    /// The policy that keeps the trace, if there is one.
    pub policy: Option<Arc<str>>,
    /// The threshold to which `th` of its spans is raised. `None` leaves it as it is.
    pub threshold: Option<u64>,
    /// Whether `threshold` also replaces a higher one, because the sampler sees every trace.
    pub replaces_threshold: bool,
}

impl TraceDecision {
    /// Creates the decision to drop a trace.
    #[must_use]
    pub fn dropped(trace_id: TraceId) -> Self {
        Self { trace_id, kept: false, policy: None, threshold: None, replaces_threshold: false }
    }

    /// Creates the decision to keep a trace with this policy.
    #[must_use]
    pub fn kept(trace_id: TraceId, policy: Option<Arc<str>>) -> Self {
        Self { kept: true, policy, ..Self::dropped(trace_id) }
    }

    /// Sets [`threshold`](Self::threshold), and whether it replaces a higher one.
    #[must_use]
    pub fn with_threshold(mut self, threshold: Option<u64>, replaces: bool) -> Self {
        (self.threshold, self.replaces_threshold) = (threshold, replaces);
        self
    }

    pub(super) fn of_kept(trace: u128, kept: &Kept) -> Self {
        let (threshold, replaces) = match kept.threshold {
            None => (None, false),
            Some(NewThreshold::AtLeast(least)) => (Some(least), false),
            Some(NewThreshold::Always) => (Some(0), true),
        };
        Self::kept(id(trace), kept.policy.clone()).with_threshold(threshold, replaces)
    }

    pub(super) fn of_dropped(trace: u128) -> Self {
        Self::dropped(id(trace))
    }

    pub(super) fn to_kept(&self) -> Kept {
        let threshold = self.threshold.map(|threshold| match self.replaces_threshold {
            true => NewThreshold::Always,
            false => NewThreshold::AtLeast(threshold),
        });
        Kept { policy: self.policy.clone(), threshold }
    }
}

fn id(trace: u128) -> TraceId {
    TraceId::from_bytes(trace.to_be_bytes())
}
