//! Warnings that are kept until there is a subscriber.

use std::time::Instant;

use crate::diagnostics::{self, Topic};
use crate::pipeline::{Batch, ExportError, ExportResponse, Exported, Exporter, PipelineStats};

/// An exporter that logs warnings when the first batch is exported, or at the shutdown.
///
/// A program often starts tracing before it installs its subscriber, so earlier warnings would be lost.
pub(super) struct KeptWarnings {
    inner: Box<dyn Exporter>,
    warnings: Vec<String>,
}

impl KeptWarnings {
    pub(super) fn new(inner: Box<dyn Exporter>, warnings: Vec<String>) -> Self {
        Self { inner, warnings }
    }

    fn log(&mut self) {
        let warnings = std::mem::take(&mut self.warnings);
        if diagnostics::has_listener() {
            warnings.iter().for_each(|warning| diagnostics::warn(Topic::Configuration, warning));
        } else if !warnings.is_empty() {
            diagnostics::warn(Topic::Configuration, &warnings.join("; "));
        }
    }
}

impl Exporter for KeptWarnings {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.log();
        self.inner.export(batch, deadline)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.inner.flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.log();
        self.inner.shutdown(deadline)
    }

    fn destination(&self) -> Option<&str> {
        self.inner.destination()
    }

    fn is_unreachable(&self) -> bool {
        self.inner.is_unreachable()
    }

    fn judges_unsampled(&self) -> bool {
        self.inner.judges_unsampled()
    }

    fn attributes_read(&self) -> Vec<String> {
        self.inner.attributes_read()
    }

    fn component_type(&self) -> &'static str {
        self.inner.component_type()
    }

    fn last_response(&self) -> ExportResponse {
        self.inner.last_response()
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        self.inner.count_into(stats)
    }
}
