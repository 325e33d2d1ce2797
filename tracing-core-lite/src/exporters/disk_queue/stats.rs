//! The counts of a disk queue.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::pipeline::report::Stats;

/// The counts of a disk queue since it was built. All but the first three only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskQueueStats {
    /// The spans on disk that are not delivered yet, including those of processes that ended.
    pub spans_on_disk: u64,
    /// The bytes of all files.
    pub bytes_on_disk: u64,
    /// The spans that wait in memory, because the disk is full or cannot be written.
    pub spans_in_memory: u64,
    /// The spans that the receiver has accepted, including those of processes that ended.
    pub delivered: u64,
    /// The spans that were taken over from processes that ended.
    pub inherited: u64,
    /// The spans that the receiver refused with a permanent error.
    pub refused: u64,
    /// The spans that were dropped because the queue was full.
    pub dropped_full: u64,
    /// The spans that were dropped because they were older than the age bound.
    pub dropped_expired: u64,
    /// The records that could not be read, for example after a power failure.
    pub damaged_records: u64,
    /// The spans in these records, where the number could be read.
    pub damaged_spans: u64,
    /// The files of a newer version, which are left alone.
    pub newer_files: u64,
    /// The attempts to write to the disk that failed.
    pub write_errors: u64,
    /// The calls of `fsync`.
    pub syncs: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) spans_on_disk: AtomicU64,
    pub(super) bytes_on_disk: AtomicU64,
    pub(super) spans_in_memory: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) inherited: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) dropped_full: AtomicU64,
    pub(super) dropped_expired: AtomicU64,
    pub(super) damaged_records: AtomicU64,
    pub(super) damaged_spans: AtomicU64,
    pub(super) newer_files: AtomicU64,
    pub(super) write_errors: AtomicU64,
    pub(super) syncs: AtomicU64,
    /// The counts of the provider.
    pipeline: OnceLock<Arc<Stats>>,
}

pub(super) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn set_pipeline(&self, stats: &Arc<Stats>) {
        // A queue belongs to one provider, which sets it once.
        let _ = self.pipeline.set(Arc::clone(stats));
        self.store_level();
    }

    /// Copies how many spans wait to the counts of the provider.
    fn store_level(&self) {
        if let Some(stats) = self.pipeline.get() {
            let waiting = &[&self.spans_on_disk, &self.spans_in_memory];
            stats.set_stored(waiting.iter().map(|it| it.load(Ordering::Relaxed)).sum());
        }
    }

    pub(super) fn set_level(&self, spans_on_disk: u64, bytes_on_disk: u64, spans_in_memory: u64) {
        self.spans_on_disk.store(spans_on_disk, Ordering::Relaxed);
        self.bytes_on_disk.store(bytes_on_disk, Ordering::Relaxed);
        self.spans_in_memory.store(spans_in_memory, Ordering::Relaxed);
        self.store_level();
    }

    pub(super) fn count_delivered(&self, spans: u64, rejected: u64) {
        add(&self.delivered, spans.saturating_sub(rejected));
        add(&self.refused, rejected.min(spans));
        if let Some(stats) = self.pipeline.get() {
            stats.count_exported(spans, rejected);
        }
    }

    /// Counts spans that are lost, in the counter for their reason.
    pub(super) fn count_lost(&self, reason: &AtomicU64, spans: u64) {
        add(reason, spans);
        if let Some(stats) = self.pipeline.get() {
            stats.count_export_failed(spans);
        }
    }

    pub(super) fn count_full(&self, spans: u64) {
        add(&self.dropped_full, spans);
        if let Some(stats) = self.pipeline.get() {
            stats.count_queue_full(spans);
        }
    }

    pub(super) fn snapshot(&self) -> DiskQueueStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DiskQueueStats {
            spans_on_disk: get(&self.spans_on_disk),
            bytes_on_disk: get(&self.bytes_on_disk),
            spans_in_memory: get(&self.spans_in_memory),
            delivered: get(&self.delivered),
            inherited: get(&self.inherited),
            refused: get(&self.refused),
            dropped_full: get(&self.dropped_full),
            dropped_expired: get(&self.dropped_expired),
            damaged_records: get(&self.damaged_records),
            damaged_spans: get(&self.damaged_spans),
            newer_files: get(&self.newer_files),
            write_errors: get(&self.write_errors),
            syncs: get(&self.syncs),
        }
    }
}
