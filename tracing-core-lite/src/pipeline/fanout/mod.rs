//! One exporter for several.

mod delivery;
mod lane;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::batch::Batch;
use super::error::{ExportError, Exported};
use super::exporter::Exporter;
use super::limits::BatchLimits;
use super::report::{PipelineStats, Stats};
use delivery::Delivery;
use lane::Lane;

/// An exporter that gives every batch to each of several exporters.
///
/// Each exporter has a thread, a queue and retries of its own, so one that is slow or down does not hold up the others.
/// [`TracerProvider::exporter_stats`](crate::TracerProvider::exporter_stats) counts for each of them what became of the
/// spans. [`TracerProvider::stats`](crate::TracerProvider::stats) counts a span as exported once all have accepted it, and
/// as dropped if one of them has not.
///
/// The queue of an exporter holds as much as that of the provider: [`BatchLimits::max_queue_size`] spans and
/// [`BatchLimits::max_queue_bytes`] bytes, which the exporters share as long as they hold the same batches. When it is full,
/// further batches are dropped for this exporter alone. A flush waits for all exporters.
pub struct Fanout {
    lanes: Vec<Lane>,
    stats: Arc<Stats>,
}

impl Fanout {
    /// Creates an exporter to all of `exporters`, and starts a thread for each. Queues have the size of the
    /// [default limits](BatchLimits).
    #[must_use]
    pub fn new(exporters: Vec<Box<dyn Exporter>>) -> Self {
        Self::with_limits(exporters, &BatchLimits::default())
    }

    /// Creates an exporter as [`new`](Self::new) does, with queues of other sizes and another time for retries.
    #[must_use]
    pub fn with_limits(exporters: Vec<Box<dyn Exporter>>, limits: &BatchLimits) -> Self {
        let limits = limits.clone().normalized();
        let lanes = exporters.into_iter().map(|exporter| Lane::start(exporter, &limits)).collect();
        Self { lanes, stats: Arc::default() }
    }

    /// Waits for what `ask` has asked each lane for, and reports the failures together.
    fn wait(&self, asked: &[u64], deadline: Instant) -> Result<(), ExportError> {
        let count = self.lanes.len();
        let failures = self.lanes.iter().zip(asked).enumerate().filter_map(|(index, (lane, number))| {
            let reason = lane.wait(*number, deadline).err()?;
            Some(format!("exporter {} of {count}: {reason}", index + 1))
        });
        let reason = failures.collect::<Vec<_>>().join("; ");
        if reason.is_empty() { Ok(()) } else { Err(ExportError::Permanent { reason }) }
    }
}

impl Exporter for Fanout {
    /// Hands the batch over. Never fails: what becomes of it is counted when the exporters are done.
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        let delivery = Delivery::new(batch, self.lanes.len(), &self.stats);
        for lane in &self.lanes {
            lane.hand_over(batch, &delivery);
        }
        Ok(Exported::default())
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        let asked: Vec<_> = self.lanes.iter().map(|lane| lane.ask_for_flush(deadline)).collect();
        self.wait(&asked, deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        let asked: Vec<_> = self.lanes.iter().map(|lane| lane.ask_for_shutdown(deadline)).collect();
        let result = self.wait(&asked, deadline);
        self.lanes.iter().for_each(Lane::give_up);
        result
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        self.stats = Arc::clone(stats.shared());
        self.stats.set_parts(self.lanes.iter().map(Lane::stats_reader).collect());
        true
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fanout").field("exporters", &self.lanes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
