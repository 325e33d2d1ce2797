//! What became of the spans: counted always, said in the log now and then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A message of one kind is logged at most this often.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// How many spans went where since the provider was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportStats {
    /// Accepted by the exporter.
    pub exported: u64,
    /// Rejected by the receiver, which took the rest of their batch (OTLP partial success).
    pub rejected: u64,
    /// Dropped because the queue was full: the exporter cannot keep up.
    pub dropped_queue_full: u64,
    /// Dropped because their export failed for good, or too often.
    pub dropped_export_failed: u64,
    /// Ended after the shutdown.
    pub dropped_after_shutdown: u64,
    /// Handed to the exporter and not yet out. Spans that their threads still collect are not counted.
    pub queued: u64,
}

impl ExportStats {
    /// All spans that were recorded and did not reach the receiver.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.rejected + self.dropped_queue_full + self.dropped_export_failed + self.dropped_after_shutdown
    }
}

#[derive(Debug, Default)]
pub(crate) struct Stats {
    exported: AtomicU64,
    rejected: AtomicU64,
    queue_full: AtomicU64,
    export_failed: AtomicU64,
    after_shutdown: AtomicU64,
}

impl Stats {
    pub(crate) fn snapshot(&self, queued: usize) -> ExportStats {
        ExportStats {
            exported: self.exported.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            dropped_queue_full: self.queue_full.load(Ordering::Relaxed),
            dropped_export_failed: self.export_failed.load(Ordering::Relaxed),
            dropped_after_shutdown: self.after_shutdown.load(Ordering::Relaxed),
            queued: queued as u64,
        }
    }

    pub(crate) fn count_exported(&self, spans: u64, rejected: u64) {
        self.exported.fetch_add(spans.saturating_sub(rejected), Ordering::Relaxed);
        self.rejected.fetch_add(rejected.min(spans), Ordering::Relaxed);
    }

    pub(crate) fn count_export_failed(&self, spans: u64) {
        self.export_failed.fetch_add(spans, Ordering::Relaxed);
    }

    pub(crate) fn count_queue_full(&self, spans: u64) {
        self.queue_full.fetch_add(spans, Ordering::Relaxed);
    }

    pub(crate) fn count_after_shutdown(&self, spans: u64) {
        self.after_shutdown.fetch_add(spans, Ordering::Relaxed);
    }
}

/// Says in the log, through `tracing`, what went wrong. Used by the export thread alone.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    queue_full_reported: u64,
    last_queue_full: Option<Instant>,
    last_failure: Option<Instant>,
    last_rejection: Option<Instant>,
    last_retry: Option<Instant>,
}

fn is_due(last: &mut Option<Instant>) -> bool {
    let due = last.is_none_or(|at| at.elapsed() >= REPORT_EVERY);
    if due {
        *last = Some(Instant::now());
    }
    due
}

impl Reporter {
    pub(crate) fn queue_full(&mut self, stats: &Stats) {
        let dropped = stats.queue_full.load(Ordering::Relaxed);
        if dropped > self.queue_full_reported && is_due(&mut self.last_queue_full) {
            let since = dropped - self.queue_full_reported;
            self.queue_full_reported = dropped;
            tracing::warn!(
                dropped = since,
                total = dropped,
                "spans were dropped because the export queue is full: the receiver is too slow or cannot be reached",
            );
        }
    }

    pub(crate) fn failure(&mut self, spans: usize, reason: &str) {
        if is_due(&mut self.last_failure) {
            tracing::error!(dropped = spans, reason, "spans were dropped because their export failed");
        }
    }

    pub(crate) fn retry(&mut self, reason: &str, pause: Duration) {
        if is_due(&mut self.last_retry) {
            tracing::warn!(reason, ?pause, "export of spans failed and will be tried again");
        }
    }

    pub(crate) fn rejection(&mut self, spans: u64, message: &str) {
        if (spans > 0 || !message.is_empty()) && is_due(&mut self.last_rejection) {
            tracing::warn!(rejected = spans, message, "the receiver rejected spans or warned about them");
        }
    }
}
