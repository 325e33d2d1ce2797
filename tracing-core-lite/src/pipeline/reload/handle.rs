//! The handle that replaces an exporter.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::exporter::Exporter;
use super::error::ReloadError;

/// Replaces the exporter in a [`ReloadableExporter`](super::ReloadableExporter). Clones refer to the same one.
#[derive(Clone)]
pub struct ExporterHandle {
    next: Arc<Mutex<Option<Box<dyn Exporter>>>>,
    judges_unsampled: bool,
}

impl ExporterHandle {
    pub(super) fn new(judges_unsampled: bool) -> Self {
        Self { next: Arc::default(), judges_unsampled }
    }

    /// Replaces the exporter. The export thread uses `exporter` from its next call on, also for a batch that it is retrying.
    ///
    /// This does not block, and works at any time. To wait until the exchange is complete and the replaced exporter is closed, call
    /// [`TracerProvider::flush`](crate::TracerProvider::flush). An exporter that is replaced before it was used is dropped.
    ///
    /// # Errors
    /// Returns [`ReloadError::JudgesUnsampled`] if only one of the exporters judges unsampled spans. Nothing is replaced then.
    pub fn set(&self, exporter: impl Exporter) -> Result<(), ReloadError> {
        if exporter.judges_unsampled() != self.judges_unsampled {
            return Err(ReloadError::JudgesUnsampled);
        }
        let unused = self.next.lock().unwrap_or_else(PoisonError::into_inner).replace(Box::new(exporter));
        // Outside of the lock, because the drop of an exporter may take time.
        drop(unused);
        Ok(())
    }

    pub(super) fn take(&self) -> Option<Box<dyn Exporter>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn judges_unsampled(&self) -> bool {
        self.judges_unsampled
    }
}

impl fmt::Debug for ExporterHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExporterHandle").finish_non_exhaustive()
    }
}
