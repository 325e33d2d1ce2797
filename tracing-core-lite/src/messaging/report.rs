//! The broker's report on a message that was sent, which ends the message's span.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::InFlight;
use super::in_flight::Moment;

/// A client's future of the broker's report on one message, such as a delivery report or a publisher confirm.
///
/// [`Reported`] calls these methods. A wrapper implements them for its client's future.
pub trait Report: Future<Output: Send> + Unpin + Send + 'static {
    /// Records what the broker reported.
    fn record(report: &Self::Output, sending: &mut InFlight);

    /// Records that the operation ends before there is a report.
    fn record_cancelled(&self, sending: &mut InFlight);

    /// Returns whether to wait for the report on the current runtime after the [`Reported`] was dropped. Otherwise
    /// dropping it drops the client's future, too.
    fn is_awaited_when_dropped(&self) -> bool {
        true
    }

    /// Takes a report whose [`Reported`] was dropped before it returned the report.
    fn discard(&self, report: Self::Output) {
        drop(report);
    }
}

/// A future of the broker's report that ends the message's span when the report arrives.
///
/// The span ends at the time of the report, whoever reads it and when:
///
/// - Created on a tokio runtime, a task on this runtime ends the span if nobody is waiting for the report when it
///   arrives. That holds after this future was dropped as well.
/// - Created elsewhere, the span ends when this future is polled or dropped, with the time at which the report arrived.
///   Dropped before there is a report, the span ends at that moment, as
///   [cancelled](Report::record_cancelled).
///
/// A message whose operation is neither recorded nor measured costs nothing beyond the client's own future.
pub struct Reported<F: Report>(Source<F>);

enum Source<F: Report> {
    Unobserved(F),
    Observed(Arc<Shared<F>>),
}

struct Shared<F: Report> {
    stage: Mutex<Stage<F>>,
    /// Locked for a few instructions only, and never while code of the client or the user runs: clients may call
    /// wakers while they hold a lock of their own.
    signal: Mutex<Signal>,
    runtime: Option<tokio::runtime::Handle>,
}

struct Signal {
    /// When the client announced the report.
    announced: Option<Moment>,
    reader: Option<Waker>,
    is_dropped: bool,
}

enum Stage<F: Report> {
    /// No report yet. The span is open.
    Waiting { future: F, sending: InFlight },
    /// The span has ended. Nobody has taken the report yet.
    Arrived { future: F, report: F::Output },
    /// The report was returned. Polling again does what the client's future does.
    Returned(F),
    /// Nobody will ask again.
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

    /// `Waiting` -> `Arrived`, if the client has the report. Otherwise the client wakes this state when it has.
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

    /// Ends the span of a report that nobody is waiting for.
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

/// Called by the client when it has the report, maybe while the client holds a lock: neither polls nor drops its future.
impl<F: Report> Wake for Shared<F> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
        if let Some(shared) = Arc::into_inner(self) {
            // The runtime has ended, and nobody else has the report.
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
        // Dropped after the lock is released, as that may run code of the reader's runtime.
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
