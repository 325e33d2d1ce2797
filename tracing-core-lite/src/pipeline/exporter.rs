//! The trait that exporters implement.

use std::time::Instant;

use super::batch::Batch;
use super::error::{ExportError, Exported};
use super::report::PipelineStats;

/// Sends batches of finished spans somewhere. It is called from the export thread alone, never from a request.
///
/// One call is one attempt: the export thread repeats a batch after an [`ExportError::Retryable`], with the backoff
/// that OTLP asks for, while new spans wait in the bounded queue.
pub trait Exporter: Send + 'static {
    /// Sends `batch`. It should give up, with an error, at `deadline`.
    ///
    /// # Errors
    /// [`ExportError::Retryable`] when the same batch may succeed later, [`ExportError::Permanent`] when it never will.
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError>;

    /// Makes what was exported durable (a file is flushed). Does nothing by default.
    ///
    /// # Errors
    /// What the sink reports.
    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    /// The last call: close what is open. Does the same as [`flush`](Exporter::flush) by default.
    ///
    /// # Errors
    /// What the sink reports.
    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.flush(deadline)
    }

    /// Returns where spans are sent, without credentials, for messages about failed exports. `None` by default.
    fn destination(&self) -> Option<&str> {
        None
    }

    /// Returns whether the last call of [`export`](Exporter::export) failed because there was no connection to the receiver.
    ///
    /// A shutdown does not wait long for a receiver that cannot be reached. False by default.
    fn is_unreachable(&self) -> bool {
        false
    }

    /// Counts in `stats` what becomes of the spans, and returns true, if the exporter accepts batches before it has exported
    /// them. For exporters of this crate.
    #[doc(hidden)]
    fn count_into(&mut self, _stats: &PipelineStats) -> bool {
        false
    }
}

impl Exporter for Box<dyn Exporter> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        (**self).export(batch, deadline)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        (**self).flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        (**self).shutdown(deadline)
    }

    fn destination(&self) -> Option<&str> {
        (**self).destination()
    }

    fn is_unreachable(&self) -> bool {
        (**self).is_unreachable()
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        (**self).count_into(stats)
    }
}
