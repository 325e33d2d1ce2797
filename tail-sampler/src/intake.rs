//! What both receivers do with a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_sampling::tail::TailControl;

use crate::adaptive::Services;
use crate::metrics::Requests;
use crate::refused::Refused;

/// The time after which a refused sender should retry, in seconds.
pub(crate) const RETRY_AFTER: u64 = 1;

/// Accepts requests. Clones share the counts.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    pub(crate) tail: TailControl,
    pub(crate) requests: Arc<Requests>,
    pub(crate) is_closing: Arc<AtomicBool>,
    pub(crate) max_request_bytes: usize,
    /// Counts the requests of services with adaptive rates.
    pub(crate) adaptive: Option<Services>,
}

impl Intake {
    /// Accepts an encoded request completely, or refuses it.
    pub(crate) fn accept(&self, request: Bytes) -> Result<(), Refused> {
        let result = self.try_accept(request);
        self.requests.count(&result);
        result
    }

    fn try_accept(&self, request: Bytes) -> Result<(), Refused> {
        if self.is_closing.load(Ordering::Acquire) {
            return Err(Refused::Busy);
        }
        let spans = RequestView::new(&request)
            .count_spans()
            .map_err(|error| Refused::Malformed(error.to_string()))?;
        if spans == 0 {
            return Ok(());
        }
        let batch = Batch::new(request, spans);
        self.tail.accept(&batch).map_err(|_| Refused::Busy)?;
        if let Some(adaptive) = &self.adaptive {
            adaptive.count(&batch);
        }
        Ok(())
    }

    /// Counts a request that could not be read, and returns the refusal.
    pub(crate) fn malformed(&self, reason: impl Into<String>) -> Refused {
        let refused = Refused::Malformed(reason.into());
        self.requests.count(&Err(refused.clone()));
        refused
    }
}
