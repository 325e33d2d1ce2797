//! An exporter that hands spans to a tail sampler, and counts those of each trace.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_sampling::tail::TailControl;

/// The time between two attempts while the tail sampler is busy.
const PAUSE: Duration = Duration::from_millis(1);

/// The exporter of each service. Clones share the counts.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    tail: TailControl,
    spans: Arc<Mutex<HashMap<TraceId, usize>>>,
}

impl Counted {
    pub(super) fn new(tail: TailControl) -> Self {
        Self { tail, spans: Arc::default() }
    }

    /// Returns how many spans each trace has.
    pub(super) fn spans(&self) -> HashMap<TraceId, usize> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, batch: &Batch) -> Result<(), ExportError> {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let each = RequestView::new(batch.request()).each_span(|_, _, span| {
            if let Ok(head) = span.head() {
                *spans.entry(head.trace_id).or_default() += 1;
            }
        });
        each.map_err(|error| ExportError::Permanent { reason: error.to_string() })
    }
}

impl Exporter for Counted {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        while let Err(busy) = self.tail.accept(batch) {
            if Instant::now() >= deadline {
                return Err(ExportError::Retryable { reason: busy.to_string(), after: None });
            }
            thread::sleep(PAUSE);
        }
        self.count(batch)?;
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}
