//! The tail sampler without threads or a clock.

use std::time::Duration;

use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::Batch;

use super::plan::PlanError;
use super::settings::TailSettings;
use super::settled::TraceDecision;
use super::shard::Shard;
use super::stats::{Counts, TailStats};

/// A tail sampler that is driven by its caller, who adds spans and passes the current time. Use it in tests, to explain a
/// configuration, and in programs with their own event loop. [`TailSampler`](super::TailSampler) runs one per shard.
///
/// ```
/// use std::time::Duration;
/// use tracing_core_lite::pipeline::Batch;
/// use tracing_sampling::tail::{Policy, TailBuffer, TailSettings};
///
/// let settings = TailSettings::default().with_policies(vec![Policy::always_sample("all")]);
/// let mut buffer = TailBuffer::new(settings)?;
/// buffer.add(&Batch::new(Vec::new().into(), 0), Duration::ZERO);
/// buffer.poll(Duration::from_secs(30));
/// assert!(buffer.take_kept().is_empty());
/// # Ok::<(), tracing_sampling::tail::PlanError>(())
/// ```
#[derive(Debug)]
pub struct TailBuffer {
    shard: Shard,
    counts: Counts,
}

impl TailBuffer {
    /// Creates an empty buffer.
    ///
    /// # Errors
    /// Returns an error if a policy is invalid.
    pub fn new(settings: TailSettings) -> Result<Self, PlanError> {
        let counts = Counts::default();
        let shard = Shard::new(settings.with_shards(1), counts.clone())?;
        Ok(Self { shard, counts })
    }

    /// Adds the spans of a batch. `now` is the time since any fixed moment, and must not decrease.
    pub fn add(&mut self, batch: &Batch, now: Duration) {
        self.shard.ingest(batch.request(), 0, 1, nanos(now));
    }

    /// Decides all traces that are due. Returns when to call again, or `None` if nothing is pending.
    pub fn poll(&mut self, now: Duration) -> Option<Duration> {
        self.shard.poll(nanos(now)).map(Duration::from_nanos)
    }

    /// Decides the traces whose root has ended.
    pub fn decide_rooted(&mut self, now: Duration) {
        self.shard.decide_rooted(nanos(now));
    }

    /// Decides every pending trace.
    pub fn decide_all(&mut self, now: Duration) {
        self.shard.decide_all(nanos(now));
    }

    /// Returns the kept spans since the last call.
    #[must_use]
    pub fn take_kept(&mut self) -> Vec<Batch> {
        self.shard.take_ready(true)
    }

    /// Makes [`take_decisions`](Self::take_decisions) return the decisions from now on. With [`Unit::Trace`](super::Unit::Trace),
    /// every trace has one.
    pub fn record_decisions(&mut self) {
        self.shard.record_decisions();
    }

    /// Returns the decisions since the last call, in the order in which they were made.
    #[must_use]
    pub fn take_decisions(&mut self) -> Vec<TraceDecision> {
        self.shard.take_decisions()
    }

    /// Follows a decision that another buffer made: spans of its trace are late.
    pub fn remember(&mut self, decision: &TraceDecision) {
        self.shard.remember(number(decision.trace_id), decision);
    }

    /// Forgets the decision about a trace, so that its later spans are judged anew.
    pub fn forget(&mut self, trace_id: TraceId) {
        self.shard.forget(number(trace_id));
    }

    /// Returns whether spans of this trace wait for a decision.
    #[must_use]
    pub fn is_pending(&self, trace_id: TraceId) -> bool {
        self.shard.is_pending(number(trace_id))
    }

    /// Changes [`TailSettings::max_bytes`]. It takes effect when spans are added.
    pub fn set_max_bytes(&mut self, bytes: usize) {
        self.shard.set_max_bytes(bytes);
    }

    /// Returns what the budgets of the policies have left, for [`restore_budgets`](Self::restore_budgets). Empty if there is no
    /// budget.
    #[must_use]
    pub fn budgets(&self) -> Vec<u64> {
        self.shard.budgets()
    }

    /// Sets what the budgets have left. Returns false, and changes nothing, if `state` is that of other policies.
    pub fn restore_budgets(&mut self, state: &[u64]) -> bool {
        self.shard.restore_budgets(state)
    }

    /// Replaces the settings. The new policies also decide about pending traces.
    ///
    /// # Errors
    /// Returns an error, and changes nothing, if a policy is invalid.
    pub fn reload(&mut self, settings: TailSettings) -> Result<(), PlanError> {
        self.shard.reload(settings.with_shards(1))
    }

    /// Returns the counts so far.
    #[must_use]
    pub fn stats(&self) -> TailStats {
        Counts::sum([&self.counts])
    }
}

fn number(trace_id: TraceId) -> u128 {
    u128::from_be_bytes(trace_id.to_bytes())
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
