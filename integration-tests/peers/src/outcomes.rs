//! An exporter that records the outcome of each attempt of another exporter.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};

/// The outcomes of the attempts, in order. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Outcomes(Arc<Mutex<Vec<Result<Exported, ExportError>>>>);

impl Outcomes {
    /// Wraps `exporter`, and records its attempts here.
    #[must_use]
    pub fn of(&self, exporter: Box<dyn Exporter>) -> impl Exporter + use<> {
        Noted { exporter, outcomes: self.clone() }
    }

    /// Returns whether an attempt ended with a retryable error.
    #[must_use]
    pub fn has_retryable(&self) -> bool {
        let outcomes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.iter().any(|it| matches!(it, Err(ExportError::Retryable { .. })))
    }
}

struct Noted {
    exporter: Box<dyn Exporter>,
    outcomes: Outcomes,
}

impl Exporter for Noted {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let outcome = self.exporter.export(batch, deadline);
        self.outcomes.0.lock().unwrap_or_else(PoisonError::into_inner).push(outcome.clone());
        outcome
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exporter.flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exporter.shutdown(deadline)
    }

    fn is_unreachable(&self) -> bool {
        self.exporter.is_unreachable()
    }
}
