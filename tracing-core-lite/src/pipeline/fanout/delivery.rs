//! The delivery of a batch to several exporters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::super::batch::Batch;
use super::super::report::Stats;

/// Counts a batch for the provider once the last exporter is done with it.
pub(super) struct Delivery {
    spans: u64,
    remaining: AtomicUsize,
    is_lost: AtomicBool,
    /// The largest number of spans that a receiver has rejected.
    rejected: AtomicU64,
    stats: Arc<Stats>,
}

/// The outcome of a batch at one exporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted { rejected_spans: u64 },
    Lost,
}

impl Delivery {
    pub(super) fn new(batch: &Batch, exporters: usize, stats: &Arc<Stats>) -> Arc<Self> {
        Arc::new(Self {
            spans: batch.span_count() as u64,
            remaining: AtomicUsize::new(exporters),
            is_lost: AtomicBool::new(false),
            rejected: AtomicU64::new(0),
            stats: Arc::clone(stats),
        })
    }

    pub(super) fn spans(&self) -> u64 {
        self.spans
    }

    /// Records that one exporter is done.
    pub(super) fn settle(&self, outcome: Outcome) {
        match outcome {
            Outcome::Accepted { rejected_spans } => {
                self.rejected.fetch_max(rejected_spans, Ordering::Relaxed);
            }
            Outcome::Lost => self.is_lost.store(true, Ordering::Relaxed),
        }
        if self.remaining.fetch_sub(1, Ordering::AcqRel) == 1 {
            if self.is_lost.load(Ordering::Relaxed) {
                self.stats.count_export_failed(self.spans);
            } else {
                self.stats.count_exported(self.spans, self.rejected.load(Ordering::Relaxed));
            }
        }
    }
}
