//! A stage in front of the disk queue that notes which spans have passed it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tracing_core_lite::pipeline::view::RequestView;
use tracing_core_lite::pipeline::{Batch, ExportError, ExportResponse, Exported, Exporter, PipelineStats};

use crate::span_key::SpanKey;

/// Spans that have ended and are not acknowledged yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Unacknowledged(Arc<Mutex<Vec<SpanKey>>>);

impl Unacknowledged {
    pub(super) fn add(&self, spans: impl IntoIterator<Item = SpanKey>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(spans);
    }

    pub(super) fn take(&self) -> Vec<SpanKey> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An exporter that passes everything on, and notes the spans of each batch that was accepted.
pub(super) struct Entry<E> {
    pub(super) inner: E,
    pub(super) passed: Unacknowledged,
}

impl<E: Exporter> Exporter for Entry<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let exported = self.inner.export(batch, deadline)?;
        let mut spans = Vec::with_capacity(batch.span_count());
        let read = RequestView::new(batch.request()).each_span(|_, _, span| {
            if let Ok(head) = span.head() {
                let trace_id = u128::from_be_bytes(head.trace_id.to_bytes());
                spans.push(SpanKey { trace_id, span_id: u64::from_be_bytes(head.span_id.to_bytes()) });
            }
        });
        if let Err(error) = read {
            tracing::error!(%error, "an encoded batch cannot be read");
        }
        self.passed.add(spans);
        Ok(exported)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.inner.flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
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
