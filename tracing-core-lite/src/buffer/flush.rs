//! Flushes, as seen by the threads that end spans.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

/// The error of a flush or a shutdown that did not export every span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// The timeout passed. The remaining spans are exported later, or lost if this was a shutdown.
    #[error("the deadline passed before all spans were exported")]
    Timeout,
    /// Spans were lost.
    #[error("{0} spans were lost")]
    Lost(
        /// The number of lost spans.
        u64,
    ),
    /// The exporter could not make the spans durable, for example because a file could not be synced. The reason is
    /// logged.
    #[error("the exporter could not make the spans durable")]
    NotDurable,
    /// The span belongs to another OpenTelemetry SDK, which does not say when it is exported.
    #[error("the span is recorded by another OpenTelemetry SDK")]
    Foreign,
}

/// The place of the waker of a task that waits for a flush.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlushWaker(Arc<Mutex<Option<Waker>>>);

impl FlushWaker {
    /// Sets the waker that [`wake`](Self::wake) wakes.
    pub(crate) fn set(&self, waker: &Waker) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *place {
            Some(there) => there.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    pub(crate) fn wake(&self) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
