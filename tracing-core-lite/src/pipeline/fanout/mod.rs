//! An exporter that delivers to several exporters.

mod delivery;
mod lane;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::batch::Batch;
use super::batch_builder::BatchBuilder;
use super::error::{ExportError, Exported};
use super::exporter::Exporter;
use super::limits::BatchLimits;
use super::report::{PipelineStats, Stats};
use super::view::{RequestView, SpanView};
use crate::span::data::DecodeError;
use delivery::Delivery;
use lane::Lane;

/// An exporter that gives every batch to each of several exporters.
///
/// Each exporter has its own thread, queue and retries, so one that is slow or down does not delay the others.
/// [`TracerProvider::exporter_stats`](crate::TracerProvider::exporter_stats) has the counts of each exporter.
/// [`TracerProvider::stats`](crate::TracerProvider::stats) counts a span as exported once all of them have accepted it,
/// and as dropped if any of them has not.
///
/// The queue of each exporter is as large as that of the provider: [`BatchLimits::max_queue_size`] spans and
/// [`BatchLimits::max_queue_bytes`] bytes. Batches that are in several queues share their memory. If a queue is full,
/// further batches are dropped for this exporter alone. A flush waits for all exporters.
pub struct Fanout {
    lanes: Vec<Lane>,
    stats: Arc<Stats>,
}

impl Fanout {
    /// Creates an exporter that delivers to all of `exporters`. The thread of each starts with the first batch. Queues
    /// have the size of the [default limits](BatchLimits).
    #[must_use]
    pub fn new(exporters: Vec<Box<dyn Exporter>>) -> Self {
        Self::with_limits(exporters, &BatchLimits::default())
    }

    /// Like [`new`](Self::new), with other queue sizes and another maximum time for retries.
    #[must_use]
    pub fn with_limits(exporters: Vec<Box<dyn Exporter>>, limits: &BatchLimits) -> Self {
        let limits = limits.clone().normalized();
        let lanes = exporters.into_iter().map(|exporter| Lane::new(exporter, &limits)).collect();
        Self { lanes, stats: Arc::default() }
    }

    /// Queues the batch for the stages that judge unsampled spans, and its sampled spans for each exporter.
    fn export_to_judges(&self, batch: &Batch) -> Result<Exported, ExportError> {
        let malformed = |error: DecodeError| ExportError::Permanent { reason: error.to_string() };
        let (mut sampled, mut unsampled) = (BatchBuilder::new(), BatchBuilder::new());
        let request = RequestView::new(batch.request());
        let is_sampled = |span: &SpanView<'_>| span.head().is_ok_and(|head| head.is_sampled());
        sampled.push_matching(request, is_sampled).map_err(malformed)?;
        unsampled.push_matching(request, |span| !is_sampled(span)).map_err(malformed)?;
        let judges = || self.lanes.iter().filter(|lane| lane.judges_unsampled());
        if let Some(batch) = sampled.finish() {
            let delivery = Delivery::new(&batch, self.lanes.len(), &self.stats);
            self.lanes.iter().for_each(|lane| lane.hand_over(&batch, &delivery));
        }
        if let Some(batch) = unsampled.finish() {
            let delivery = Delivery::new(&batch, judges().count(), &self.stats);
            judges().for_each(|lane| lane.hand_over(&batch, &delivery));
        }
        Ok(Exported::default())
    }

    /// Sends the request of `ask` to each lane, waits for all of them, and returns their failures together.
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
    /// Queues the batch for each exporter. Never fails for a batch of the pipeline, because the outcome is counted when
    /// the exporters are done.
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        if self.judges_unsampled() {
            return self.export_to_judges(batch);
        }
        let delivery = Delivery::new(batch, self.lanes.len(), &self.stats);
        for lane in &self.lanes {
            lane.hand_over(batch, &delivery);
        }
        Ok(Exported::default())
    }

    fn judges_unsampled(&self) -> bool {
        self.lanes.iter().any(Lane::judges_unsampled)
    }

    fn attributes_read(&self) -> Vec<String> {
        self.lanes.iter().flat_map(Lane::attributes_read).cloned().collect()
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
