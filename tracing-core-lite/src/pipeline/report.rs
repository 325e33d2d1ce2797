//! The outcome of spans: counted always, and logged at a limited rate.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::export_counts::ExportCounts;
use crate::diagnostics::{self, Topic};

/// The minimum time between log messages of the same kind.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// The outcomes of spans since the provider was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportStats {
    /// Accepted by the exporter.
    pub exported: u64,
    /// Rejected by the receiver, which accepted the rest of their batch (OTLP partial success).
    pub rejected: u64,
    /// Dropped because the queue was full: the exporter is too slow.
    pub dropped_queue_full: u64,
    /// Dropped because their export failed permanently or too often.
    pub dropped_export_failed: u64,
    /// Ended after the shutdown.
    pub dropped_after_shutdown: u64,
    /// Ended in a forked child, which has no export thread. A provider that is built in the child exports.
    pub dropped_after_fork: u64,
    /// Queued and not exported yet. Spans that are still in the buffers of their threads are not included.
    pub queued: u64,
    /// In a disk queue and not delivered yet, including spans of processes that ended. They are not lost.
    pub stored: u64,
    /// In a tail sampler that had not decided about them at the end of the last flush.
    pub undecided: u64,
}

impl ExportStats {
    /// Returns the number of all recorded spans that did not reach the receiver.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.rejected
            + self.dropped_queue_full
            + self.dropped_export_failed
            + self.dropped_after_shutdown
            + self.dropped_after_fork
    }
}

/// The outcomes of spans at one exporter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStats {
    /// Where the exporter sends spans, without credentials, if it is known.
    pub destination: Option<String>,
    /// The counts.
    pub stats: ExportStats,
}

#[derive(Debug, Default)]
pub(crate) struct Stats {
    exported: AtomicU64,
    rejected: AtomicU64,
    queue_full: AtomicU64,
    export_failed: AtomicU64,
    after_shutdown: AtomicU64,
    after_fork: AtomicU64,
    stored: AtomicU64,
    undecided: AtomicU64,
    exports: ExportCounts,
    /// The counts of each exporter, if there are several.
    parts: OnceLock<Vec<StatsPart>>,
}

/// The counts of one of several exporters.
pub(crate) struct StatsPart {
    destination: Option<String>,
    component_type: &'static str,
    stats: Arc<Stats>,
    read: Box<dyn Fn() -> ExportStats + Send + Sync>,
}

impl StatsPart {
    pub(super) fn new(
        destination: Option<String>,
        component_type: &'static str,
        stats: Arc<Stats>,
        read: impl Fn() -> ExportStats + Send + Sync + 'static,
    ) -> Self {
        Self { destination, component_type, stats, read: Box::new(read) }
    }

    #[cfg_attr(not(feature = "self-metrics"), allow(dead_code))]
    pub(crate) fn component_type(&self) -> &'static str {
        self.component_type
    }

    #[cfg_attr(not(feature = "self-metrics"), allow(dead_code))]
    pub(crate) fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    pub(crate) fn read(&self) -> ExporterStats {
        ExporterStats { destination: self.destination.clone(), stats: (self.read)() }
    }
}

impl fmt::Debug for StatsPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}

/// The counts of a provider, for exporters that do their own counting.
#[doc(hidden)]
#[derive(Debug)]
pub struct PipelineStats(Arc<Stats>);

impl PipelineStats {
    pub(super) fn new(stats: Arc<Stats>) -> Self {
        Self(stats)
    }

    pub(crate) fn shared(&self) -> &Arc<Stats> {
        &self.0
    }

    /// Returns another handle of the same counts.
    #[must_use]
    pub fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Counts spans that the receiver accepted, of which it rejected some.
    pub fn count_exported(&self, spans: u64, rejected: u64) {
        self.0.count_exported(spans, rejected);
    }

    /// Sets how many spans wait for a decision.
    pub fn set_undecided(&self, spans: u64) {
        self.0.undecided.store(spans, Ordering::Relaxed);
    }

    /// Counts spans that were dropped because their export failed.
    pub fn count_export_failed(&self, spans: u64) {
        self.0.count_export_failed(spans);
    }
}

impl Stats {
    pub(super) fn set_parts(&self, parts: Vec<StatsPart>) {
        // A provider has one exporter, which sets them once.
        let _ = self.parts.set(parts);
    }

    /// The counts of exports by their outcome.
    pub(crate) fn exports(&self) -> &ExportCounts {
        &self.exports
    }

    pub(crate) fn parts(&self) -> &[StatsPart] {
        self.parts.get().map_or(&[], Vec::as_slice)
    }

    /// Returns the counts of each exporter. A single one has those of the provider.
    pub(crate) fn exporters(&self, queued: usize) -> Vec<ExporterStats> {
        match self.parts() {
            [] => vec![ExporterStats { destination: None, stats: self.snapshot(queued) }],
            parts => parts.iter().map(StatsPart::read).collect(),
        }
    }

    pub(crate) fn snapshot(&self, queued: usize) -> ExportStats {
        ExportStats {
            exported: self.exported.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            dropped_queue_full: self.queue_full.load(Ordering::Relaxed),
            dropped_export_failed: self.export_failed.load(Ordering::Relaxed),
            dropped_after_shutdown: self.after_shutdown.load(Ordering::Relaxed),
            dropped_after_fork: self.after_fork.load(Ordering::Relaxed),
            queued: queued as u64,
            stored: self.stored.load(Ordering::Relaxed),
            undecided: self.undecided.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn count_exported(&self, spans: u64, rejected: u64) {
        self.exported.fetch_add(spans.saturating_sub(rejected), Ordering::Relaxed);
        self.rejected.fetch_add(rejected.min(spans), Ordering::Relaxed);
    }

    pub(crate) fn count_export_failed(&self, spans: u64) {
        self.export_failed.fetch_add(spans, Ordering::Relaxed);
    }

    /// Sets how many spans are in a disk queue.
    #[cfg_attr(not(feature = "disk-queue"), expect(dead_code))]
    pub(crate) fn set_stored(&self, spans: u64) {
        self.stored.store(spans, Ordering::Relaxed);
    }

    pub(crate) fn count_queue_full(&self, spans: u64) {
        self.queue_full.fetch_add(spans, Ordering::Relaxed);
    }

    pub(crate) fn count_after_fork(&self, spans: u64) {
        self.after_fork.fetch_add(spans, Ordering::Relaxed);
    }

    pub(crate) fn count_after_shutdown(&self, spans: u64) {
        self.after_shutdown.fetch_add(spans, Ordering::Relaxed);
    }
}

/// Logs that spans end in a forked child.
#[cold]
pub(super) fn fork() {
    tracing::warn!(
        "spans are dropped in this process: it was forked after tracing was started, and the export thread stayed in the \
         parent; build and install a new provider in the child"
    );
}

/// Logs failures with `tracing`. Only the export thread uses it.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    queue_full_reported: u64,
    last_queue_full: Option<Instant>,
    last_failure: Option<Instant>,
    last_rejection: Option<Instant>,
    last_retry: Option<Instant>,
    has_hinted: bool,
}

/// Returns ` to http://collector:4318`, or an empty text if the exporter does not name its destination.
fn to(destination: Option<&str>) -> String {
    destination.map(|destination| format!(" to {destination}")).unwrap_or_default()
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

    pub(crate) fn failure(&mut self, destination: Option<&str>, spans: usize, reason: &str) {
        if is_due(&mut self.last_failure) {
            let hint = self.hint(destination);
            let to = to(destination);
            diagnostics::error(
                Topic::Export,
                &format!("{spans} spans were dropped, as their export{to} failed: {reason}{hint}"),
            );
        }
    }

    pub(crate) fn flush_failure(&mut self, destination: Option<&str>, reason: &str) {
        if is_due(&mut self.last_failure) {
            let to = to(destination);
            diagnostics::error(Topic::Export, &format!("spans{to} could not be made durable: {reason}"));
        }
    }

    pub(crate) fn retry(&mut self, destination: Option<&str>, reason: &str, pause: Duration) {
        if is_due(&mut self.last_retry) {
            let hint = self.hint(destination);
            let to = to(destination);
            diagnostics::warn(
                Topic::Export,
                &format!("spans cannot be exported{to}: {reason}; the next attempt is in {pause:.1?}{hint}"),
            );
        }
    }

    /// The shutdown does not wait for a receiver that cannot be reached.
    pub(crate) fn unreachable_at_shutdown(&mut self, destination: Option<&str>) {
        let receiver = destination.unwrap_or("the receiver");
        diagnostics::warn(
            Topic::Export,
            &format!(
                "the shutdown does not wait for {receiver}, which cannot be reached: the spans that are left are dropped"
            ),
        );
    }

    /// The advice that is logged with the first failure.
    fn hint(&mut self, destination: Option<&str>) -> &'static str {
        match (destination, std::mem::replace(&mut self.has_hinted, true)) {
            (Some(_), false) => {
                "; start an OTLP receiver there, set OTEL_EXPORTER_OTLP_ENDPOINT to the address of one, or set \
                 OTEL_TRACES_EXPORTER to console or none"
            }
            _ => "",
        }
    }

    pub(crate) fn rejection(&mut self, spans: u64, message: &str) {
        if (spans > 0 || !message.is_empty()) && is_due(&mut self.last_rejection) {
            tracing::warn!(rejected = spans, message, "the receiver rejected spans or warned about them");
        }
    }
}
