//! Decisions on their way: first into the decision topic, then to the receiver, and then their offsets are released.

use std::sync::Arc;

use tracing_core_lite::pipeline::Batch;

use super::journal::Reports;

/// Decisions that were made together, of all partitions.
#[derive(Debug)]
pub(super) struct Cycle {
    /// The number of its spans on their way to the receiver, once they are.
    pub(super) sent_as: Option<u64>,
    pub(super) parts: Vec<Part>,
    /// Kept spans, until the receiver gets them.
    pub(super) batches: Vec<Batch>,
    pub(super) bytes: usize,
}

/// The part of one partition.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) partition: i32,
    pub(super) generation: u64,
    pub(super) settled: Vec<i64>,
    pub(super) traces: usize,
    /// The time of the partition at the last decision.
    pub(super) last_decided_at: u64,
    pub(super) reports: Arc<Reports>,
}

impl Cycle {
    /// Returns whether all decisions are in the decision topic.
    pub(super) fn is_written(&self) -> bool {
        self.parts.iter().all(|part| part.reports.is_complete())
    }
}
