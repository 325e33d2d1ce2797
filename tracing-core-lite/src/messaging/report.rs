//! The broker's report on a sent message, which ends the message's span.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::InFlight;
use super::in_flight::Moment;

/// A client's future of the broker's report on a message, such as a delivery report or a publisher confirm.
///
/// [`Reported`] calls these methods. A wrapper implements them for its client's future.
pub trait Report: Future<Output: Send> + Unpin + Send + 'static {
    /// Records what the broker reported.
    fn record(report: &Self::Output, sending: &mut InFlight);

    /// Records that the operation ends without a report.
    fn record_cancelled(&self, sending: &mut InFlight);

    /// Returns whether the current runtime waits for the report after the [`Reported`] was dropped. Otherwise dropping
    /// it also drops the client's future.
    fn is_awaited_when_dropped(&self) -> bool {
        true
    }

    /// Receives a report whose [`Reported`] was dropped before it returned the report.
    fn discard(&self, report: Self::Output) {
        drop(report);
    }
}

/// A future of the broker's report that ends the message's span when the report arrives.
///
/// The span ends at the time of the report, no matter when the report is read:
///
/// - Created on a tokio runtime, a task on this runtime ends the span if the report is not being awaited when it
///   arrives. This also holds after this future is dropped.
/// - Created elsewhere, the span ends when this future is polled or dropped, with the time at which the report arrived.
///   If the future is dropped before there is a report, the span ends then, as [cancelled](Report::record_cancelled).
///
/// A message whose operation is neither recorded nor measured has no cost beyond the client's own future.
pub struct Reported<F: Report>(Source<F>);

enum Source<F: Report> {
    Unobserved(F),
    Observed(Arc<Shared<F>>),
}

struct Shared<F: Report> {
    stage: Mutex<Stage<F>>,
    /// Never held while code of the client or the user runs, because clients may call wakers while they hold their own
    /// lock.
    signal: Mutex<Signal>,
    runtime: Option<tokio::runtime::Handle>,
}

struct Signal {
    /// The time at which the client announced the report.
    announced: Option<Moment>,
    reader: Option<Waker>,
    is_dropped: bool,
}

enum Stage<F: Report> {
    /// No report yet. The span is open.
    Waiting { future: F, sending: InFlight },
    /// The span has ended. The report has not been returned yet.
    Arrived { future: F, report: F::Output },
    /// The report was returned. Polling again polls the client's future.
    Returned(F),
    /// The future was dropped.
    Closed,
}

impl<F: Report> Reported<F> {
    /// Wraps the client's `future` of the report on the message that `sending` sent.
    pub fn new(future: F, sending: InFlight) -> Self {
        if !sending.is_observed() {
            return Self(Source::Unobserved(future));
        }
        let shared = Arc::new(Shared {
            stage: Mutex::new(Stage::Waiting { future, sending }),
            signal: Mutex::new(Signal { announced: None, reader: None, is_dropped: false }),
            runtime: tokio::runtime::Handle::try_current().ok(),
        });
        shared.advance(&mut shared.stage());
        Self(Source::Observed(shared))
    }
}

impl<F: Report> Shared<F> {
    fn stage(&self) -> MutexGuard<'_, Stage<F>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self) -> MutexGuard<'_, Signal> {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Waiting` -> `Arrived`, if the client has the report. Otherwise the client wakes this state when it arrives.
    fn advance(self: &Arc<Self>, stage: &mut Stage<F>) {
        let Stage::Waiting { future, .. } = stage else { return };
        let announced = self.signal().announced.take();
        let waker = Waker::from(Arc::clone(self));
        let Poll::Ready(report) = Pin::new(future).poll(&mut Context::from_waker(&waker)) else { return };
        if let Stage::Waiting { future, mut sending } = std::mem::replace(stage, Stage::Closed) {
            F::record(&report, &mut sending);
            sending.end_at(announced.unwrap_or_else(Moment::now));
            *stage = Stage::Arrived { future, report };
        }
    }

    /// `Arrived` -> `Returned`.
    fn take(stage: &mut Stage<F>) -> Option<F::Output> {
        match std::mem::replace(stage, Stage::Closed) {
            Stage::Arrived { future, report } => {
                *stage = Stage::Returned(future);
                Some(report)
            }
            other => {
                *stage = other;
                None
            }
        }
    }

    /// Ends the span of a report that is not being awaited.
    fn read_unawaited(self: &Arc<Self>) {
        let mut stage = self.stage();
        self.advance(&mut stage);
        if self.signal().is_dropped && matches!(*stage, Stage::Arrived { .. }) {
            let last = std::mem::replace(&mut *stage, Stage::Closed);
            drop(stage);
            last.close();
        }
    }
}

impl<F: Report> Stage<F> {
    /// Ends the span if it is open, and discards the report if there is one. Returns the client's future of a report
    /// that has not arrived.
    fn close(self) -> Option<F> {
        match self {
            Self::Waiting { future, mut sending } => {
                future.record_cancelled(&mut sending);
                sending.end();
                Some(future)
            }
            Self::Arrived { future, report } => {
                future.discard(report);
                None
            }
            Self::Returned(_) | Self::Closed => None,
        }
    }
}

/// Called by the client when it has the report, possibly while it holds a lock. Therefore this neither polls nor drops
/// the future.
impl<F: Report> Wake for Shared<F> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
        if let Some(shared) = Arc::into_inner(self) {
            // The runtime has ended, and no one else holds the report.
            let stage = shared.stage.into_inner().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(stage.close());
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let reader = {
            let mut signal = self.signal();
            signal.announced = Some(Moment::now());
            signal.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        } else if let Some(runtime) = &self.runtime {
            let shared = Arc::clone(self);
            runtime.spawn(async move { shared.read_unawaited() });
        }
    }
}

impl<F: Report> Future for Reported<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let shared = match &mut self.0 {
            Source::Unobserved(future) => return Pin::new(future).poll(cx),
            Source::Observed(shared) => shared,
        };
        // Dropped after the lock is released, because this may run code of the reader's runtime.
        let _earlier = shared.signal().reader.replace(cx.waker().clone());
        let mut stage = shared.stage();
        if let Stage::Returned(future) = &mut *stage {
            return Pin::new(future).poll(cx);
        }
        shared.advance(&mut stage);
        Shared::take(&mut stage).map_or(Poll::Pending, Poll::Ready)
    }
}

impl<F: Report> Drop for Reported<F> {
    fn drop(&mut self) {
        let Source::Observed(shared) = &self.0 else { return };
        let _reader = shared.signal().reader.take();
        let mut stage = shared.stage();
        shared.advance(&mut stage);
        if let Stage::Waiting { future, .. } = &*stage
            && shared.runtime.is_some()
            && future.is_awaited_when_dropped()
        {
            shared.signal().is_dropped = true;
            return;
        }
        let last = std::mem::replace(&mut *stage, Stage::Closed);
        drop(stage);
        last.close();
    }
}

impl<F: Report> fmt::Debug for Reported<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_observed = matches!(self.0, Source::Observed(_));
        f.debug_struct("Reported").field("is_observed", &is_observed).finish_non_exhaustive()
    }
}
