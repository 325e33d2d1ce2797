//! The future that resolves when a span is durable.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::buffer::{Buffer, FlushError, FlushWaker, Intake};

/// A future that resolves when a span is in the backend or on disk. [`Span::end_durably`](super::Span::end_durably)
/// returns it.
///
/// The span has ended, whether the future is awaited or not. The future needs no runtime and has no timeout of its own:
/// without a disk queue it may take as long as a batch is retried.
#[must_use = "the span has ended; awaiting this says when it is durable"]
pub struct EndDurably(State);

enum State {
    Waiting { queue: Arc<dyn Intake>, flush: u64, waker: FlushWaker, lost_before: u64 },
    Ready(Result<(), FlushError>),
}

impl EndDurably {
    pub(super) fn ready(outcome: Result<(), FlushError>) -> Self {
        Self(State::Ready(outcome))
    }

    /// Runs `end`, and then requests a flush.
    pub(super) fn after(buffer: &Buffer, end: impl FnOnce()) -> Self {
        if buffer.is_forked() {
            end();
            return Self::ready(Err(FlushError::Lost(1)));
        }
        let queue = Arc::clone(buffer.queue());
        let lost_before = queue.lost();
        end();
        let waker = FlushWaker::default();
        let flush = queue.request_flush(Some(waker.clone()));
        Self(State::Waiting { queue, flush, waker, lost_before })
    }
}

impl Future for EndDurably {
    /// # Errors
    /// [`FlushError::Lost`] if spans were lost in the meantime, and [`FlushError::NotDurable`] if the exporter failed.
    type Output = Result<(), FlushError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &self.0 {
            State::Ready(outcome) => *outcome,
            State::Waiting { queue, flush, waker, lost_before } => {
                // Before the outcome is read, or the end of the flush could be missed.
                waker.set(context.waker());
                let Some(outcome) = queue.flush_outcome(*flush) else { return Poll::Pending };
                match queue.lost().saturating_sub(*lost_before) {
                    0 => outcome,
                    lost => Err(FlushError::Lost(lost)),
                }
            }
        };
        self.0 = State::Ready(outcome);
        Poll::Ready(outcome)
    }
}

impl fmt::Debug for EndDurably {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_ready = matches!(self.0, State::Ready(_));
        f.debug_struct("EndDurably").field("is_ready", &is_ready).finish_non_exhaustive()
    }
}
