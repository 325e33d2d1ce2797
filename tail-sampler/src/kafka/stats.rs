//! What is counted in Kafka mode.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing_sampling::tail::{Amount, TailStats};

/// Something about a record that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Empty,
    NotOtlp,
    NoKey,
    ForeignKey,
    KeyOfOtherTrace,
    SeveralTraces,
    OtherPartition,
    NoTimestamp,
    FutureTimestamp,
    SplitTrace,
    AfterWindow,
    UnreadableDecision,
    Rebalance,
    Commit,
    FailedCommit,
    FailedAttempt,
}

/// Name, label and help of the metrics of all kinds, in the order of [`Kind`].
const METRICS: [(&str, &str, &str); 17] = [
    ("records_total", "outcome=\"read\"", "Records by outcome."),
    ("records_total", "outcome=\"empty\"", ""),
    ("records_total", "outcome=\"not_otlp\"", ""),
    ("key_problems_total", "kind=\"missing\"", "Records whose key is not the id of their only trace."),
    ("key_problems_total", "kind=\"foreign\"", ""),
    ("key_problems_total", "kind=\"other_trace\"", ""),
    ("key_problems_total", "kind=\"several_traces\"", ""),
    (
        "foreign_partition_records_total",
        "",
        "Records in another partition than FNV-1a of the trace id selects.",
    ),
    ("timestamp_problems_total", "kind=\"missing\"", "Records whose timestamp is not used."),
    ("timestamp_problems_total", "kind=\"future\"", ""),
    ("split_traces_total", "", "Traces with spans in two partitions of this process."),
    ("after_window_traces_total", "", "Traces that were judged again, because spans came after the window."),
    ("unreadable_decisions_total", "", "Records of the decision topic that this version cannot read."),
    ("rebalances_total", "", "Assignments and revocations of partitions."),
    ("commits_total", "", "Commits of offsets."),
    ("failed_commits_total", "", "Commits of offsets that failed."),
    ("failed_attempts_total", "", "Attempts to send kept spans that failed."),
];

/// Counts, and the state of the worker.
#[derive(Debug, Default)]
pub(crate) struct KafkaStats {
    counts: [AtomicU64; METRICS.len()],
    pub(super) assigned: AtomicU64,
    pub(super) paused: AtomicU64,
    pub(super) unacknowledged_bytes: AtomicU64,
    pub(super) unacknowledged_traces: AtomicU64,
    pub(super) lag: AtomicI64,
    pub(super) joined: AtomicU64,
    pub(super) exported_spans: AtomicU64,
    pub(super) failed_spans: AtomicU64,
    tail: Mutex<Published>,
}

/// The counts of the samplers of all partitions.
#[derive(Debug, Default, Clone)]
struct Published {
    tail: TailStats,
    revoked: Amount,
}

impl KafkaStats {
    pub(super) fn count(&self, kind: Kind) {
        self.counts[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn published(&self) -> MutexGuard<'_, Published> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publish(&self, tail: TailStats, revoked: Amount) {
        *self.published() = Published { tail, revoked };
    }

    /// Returns the counts of the samplers of all partitions, those that were revoked included.
    pub(crate) fn tail(&self) -> TailStats {
        let mut tail = self.published().tail.clone();
        tail.exported_spans = self.exported_spans.load(Ordering::Relaxed);
        tail.failed_spans = self.failed_spans.load(Ordering::Relaxed);
        tail
    }

    /// Returns whether the process is a member of the group.
    pub(crate) fn is_joined(&self) -> bool {
        self.joined.load(Ordering::Acquire) > 0
    }

    /// Appends all metrics.
    pub(crate) fn render(&self, text: &mut String) {
        use std::fmt::Write;
        let mut last = "";
        for ((name, label, help), count) in METRICS.iter().zip(&self.counts) {
            if *name != last {
                let _ = writeln!(
                    text,
                    "# HELP tail_sampler_kafka_{name} {help}\n# TYPE tail_sampler_kafka_{name} counter"
                );
                last = name;
            }
            let label = if label.is_empty() { String::new() } else { format!("{{{label}}}") };
            let _ = writeln!(text, "tail_sampler_kafka_{name}{label} {}", count.load(Ordering::Relaxed));
        }
        let revoked = self.published().revoked;
        let load = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
        for (name, kind, help, value) in [
            (
                "revoked_spans_total",
                "counter",
                "Undecided spans that were left to another process.",
                revoked.spans,
            ),
            (
                "revoked_traces_total",
                "counter",
                "Undecided traces that were left to another process.",
                revoked.traces,
            ),
            ("assigned_partitions", "gauge", "Partitions of this process.", load(&self.assigned)),
            (
                "paused",
                "gauge",
                "1 while nothing is read, because the receiver is behind.",
                load(&self.paused),
            ),
            (
                "unacknowledged_bytes",
                "gauge",
                "Kept spans that the receiver has not accepted.",
                load(&self.unacknowledged_bytes),
            ),
            (
                "unacknowledged_traces",
                "gauge",
                "Decided traces whose offsets are not released.",
                load(&self.unacknowledged_traces),
            ),
            (
                "lag_records",
                "gauge",
                "Records that were not read.",
                self.lag.load(Ordering::Relaxed).max(0) as u64,
            ),
        ] {
            let _ = writeln!(
                text,
                "# HELP tail_sampler_kafka_{name} {help}\n# TYPE tail_sampler_kafka_{name} {kind}\ntail_sampler_kafka_{name} {value}"
            );
        }
    }
}
