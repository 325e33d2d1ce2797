//! Settings of the tail sampler, with the names of the Collector's `tail_sampling` processor.

use std::time::Duration;

use super::policy::Policy;

/// How policies are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Thresholds are consistent and written as `th`, so that true counts can be estimated from what is kept. Budgets
    /// are spent by randomness, once a second.
    #[default]
    Consistent,
    /// Policies are evaluated as in the Collector: token buckets, no overflow to the next policy, and no `th`.
    Collector(CollectorVersion),
}

/// A version of the Collector whose rules are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CollectorVersion {
    /// 0.140: `latency` includes its threshold, and an inverted condition that is not met vetoes other policies.
    V0_140,
    /// 0.161: `latency` excludes its threshold, and inverted conditions are like any other.
    #[default]
    V0_161,
}

/// The spans that are decided together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Unit {
    /// A local root with its local descendants: for one process. A span whose flags say that its parent is remote is a
    /// local root, and so is a span without a parent. A kept unit keeps the whole trace. If a unit is dropped, later units of
    /// the trace still get their own decision.
    #[default]
    LocalRoot,
    /// The whole trace, once the span without a parent has ended: for spans of several services.
    Trace,
}

/// Settings of a [`TailSampler`](super::TailSampler).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TailSettings {
    /// The policies.
    pub policies: Vec<Policy>,
    /// How policies are evaluated.
    pub mode: Mode,
    /// The spans that are decided together.
    pub unit: Unit,
    /// The maximum time from the first span of a trace to its decision: 30 s by default.
    pub decision_wait: Duration,
    /// The time from the end of the root to the decision: 1 s by default. `None` waits for `decision_wait`.
    pub decision_wait_after_root_received: Option<Duration>,
    /// The maximum number of undecided traces; 0, the default, for no bound except `max_bytes`.
    pub num_traces: usize,
    /// Whether spans wait in the queue while there are `num_traces` undecided traces, until some are decided. Otherwise, the
    /// default, the oldest trace is decided early. While the queue is full, the stage accepts nothing. The traces of one batch
    /// may exceed the number.
    pub block_on_overflow: bool,
    /// Whether a shutdown drops undecided traces. Otherwise, the default, it decides them.
    pub drop_pending_traces_on_shutdown: bool,
    /// The memory for undecided traces in bytes: 64 MiB by default. Above it, the oldest trace is decided early.
    pub max_bytes: usize,
    /// The memory of one trace in bytes: 8 MiB by default. A larger trace is decided at once.
    pub max_trace_bytes: usize,
    /// The Collector's `maximum_trace_size_bytes`: a larger trace is dropped. 0, the default, for no bound.
    pub maximum_trace_size_bytes: u64,
    /// The Collector's `sample_on_first_match`: policies after the first that keeps a trace are not evaluated, so that they
    /// spend no budget on it. Only for [`Mode::Collector`].
    pub sample_on_first_match: bool,
    /// The number of kept traces that are remembered for late spans: 100,000 by default.
    pub sampled_cache_size: usize,
    /// The number of dropped traces (or, with [`Unit::LocalRoot`], spans) that are remembered for late spans: 500,000 by
    /// default.
    pub non_sampled_cache_size: usize,
    /// Whether the head records spans that it does not sample, so that this stage decides about them.
    pub record_only_head: bool,
    /// The number of threads that decide: 1 by default. Traces are divided among them.
    pub shards: usize,
    /// The maximum number of spans in a batch for the exporter: 512 by default.
    pub max_export_batch_size: usize,
    /// The maximum number of bytes that wait for the deciding threads: 16 MiB by default. Above it, the stage accepts nothing.
    pub max_queue_bytes: usize,
    /// The share of every budget that this sampler may spend, from 0 to 1: 1 by default. For several samplers that divide the
    /// traces among them.
    pub budget_share: f64,
    /// Whether spans of a kept trace are dropped if an earlier one has their id: false by default. For sources that may deliver
    /// spans more than once.
    pub deduplicate: bool,
    /// The time for which a batch of kept spans is retried before it is dropped: 5 minutes by default.
    pub retry_timeout: Duration,
}

impl Default for TailSettings {
    fn default() -> Self {
        Self {
            policies: Vec::new(),
            mode: Mode::default(),
            unit: Unit::default(),
            decision_wait: Duration::from_secs(30),
            decision_wait_after_root_received: Some(Duration::from_secs(1)),
            num_traces: 0,
            block_on_overflow: false,
            drop_pending_traces_on_shutdown: false,
            max_bytes: 64 << 20,
            max_trace_bytes: 8 << 20,
            maximum_trace_size_bytes: 0,
            sample_on_first_match: false,
            sampled_cache_size: 100_000,
            non_sampled_cache_size: 500_000,
            record_only_head: false,
            shards: 1,
            max_export_batch_size: 512,
            max_queue_bytes: 16 << 20,
            budget_share: 1.0,
            deduplicate: false,
            retry_timeout: Duration::from_secs(300),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $setter:ident, $field:ident: $type:ty;)+) => {
        impl TailSettings {
            $($(#[$doc])*
            #[must_use]
            pub fn $setter(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            })+
        }
    };
}

setters! {
    /// Sets [`policies`](Self::policies).
    with_policies, policies: Vec<Policy>;
    /// Sets [`mode`](Self::mode).
    with_mode, mode: Mode;
    /// Sets [`unit`](Self::unit).
    with_unit, unit: Unit;
    /// Sets [`decision_wait`](Self::decision_wait).
    with_decision_wait, decision_wait: Duration;
    /// Sets [`decision_wait_after_root_received`](Self::decision_wait_after_root_received).
    with_decision_wait_after_root_received, decision_wait_after_root_received: Option<Duration>;
    /// Sets [`num_traces`](Self::num_traces).
    with_num_traces, num_traces: usize;
    /// Sets [`block_on_overflow`](Self::block_on_overflow).
    with_block_on_overflow, block_on_overflow: bool;
    /// Sets [`drop_pending_traces_on_shutdown`](Self::drop_pending_traces_on_shutdown).
    with_drop_pending_traces_on_shutdown, drop_pending_traces_on_shutdown: bool;
    /// Sets [`max_bytes`](Self::max_bytes).
    with_max_bytes, max_bytes: usize;
    /// Sets [`max_trace_bytes`](Self::max_trace_bytes).
    with_max_trace_bytes, max_trace_bytes: usize;
    /// Sets [`maximum_trace_size_bytes`](Self::maximum_trace_size_bytes).
    with_maximum_trace_size_bytes, maximum_trace_size_bytes: u64;
    /// Sets [`sample_on_first_match`](Self::sample_on_first_match).
    with_sample_on_first_match, sample_on_first_match: bool;
    /// Sets [`sampled_cache_size`](Self::sampled_cache_size).
    with_sampled_cache_size, sampled_cache_size: usize;
    /// Sets [`non_sampled_cache_size`](Self::non_sampled_cache_size).
    with_non_sampled_cache_size, non_sampled_cache_size: usize;
    /// Sets [`record_only_head`](Self::record_only_head).
    with_record_only_head, record_only_head: bool;
    /// Sets [`shards`](Self::shards).
    with_shards, shards: usize;
    /// Sets [`max_export_batch_size`](Self::max_export_batch_size).
    with_max_export_batch_size, max_export_batch_size: usize;
    /// Sets [`max_queue_bytes`](Self::max_queue_bytes).
    with_max_queue_bytes, max_queue_bytes: usize;
    /// Sets [`budget_share`](Self::budget_share).
    with_budget_share, budget_share: f64;
    /// Sets [`deduplicate`](Self::deduplicate).
    with_deduplicate, deduplicate: bool;
    /// Sets [`retry_timeout`](Self::retry_timeout).
    with_retry_timeout, retry_timeout: Duration;
}
