//! The span of a sent message ends when the client's future has the broker's report.
#![allow(clippy::unwrap_used)]
#![allow(clippy::async_yields_async, reason = "the futures are made on the runtime and polled by hand")]
#![cfg(feature = "messaging")]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};

use opentelemetry::Context;
use tokio::runtime::{Builder, Runtime};
use tracing_core_lite::InstrumentationScope;
use tracing_core_lite::messaging::{
    Client, Destination, InFlight, MessagingOperation, OperationType, Peer, Report, Reported, Settings,
};
use tracing_core_lite::testing::TestSpans;

/// A client's report. It calls wakers while it holds its lock, as real clients do.
#[derive(Clone, Default)]
struct Broker(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    report: Option<u32>,
    waker: Option<Waker>,
    discarded: Vec<u32>,
    is_dropped: bool,
}

impl Broker {
    fn report(&self, report: u32) {
        let mut state = self.0.lock().unwrap();
        state.report = Some(report);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn future(&self, is_awaited_when_dropped: bool) -> Answer {
        Answer { broker: self.clone(), is_awaited_when_dropped }
    }

    fn discarded(&self) -> Vec<u32> {
        self.0.lock().unwrap().discarded.clone()
    }

    fn is_dropped(&self) -> bool {
        self.0.lock().unwrap().is_dropped
    }
}

struct Answer {
    broker: Broker,
    is_awaited_when_dropped: bool,
}

impl Future for Answer {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<u32> {
        let mut state = self.broker.0.lock().unwrap();
        match state.report.take() {
            Some(report) => Poll::Ready(report),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Report for Answer {
    fn record(report: &u32, sending: &mut InFlight) {
        let report = i64::from(*report);
        sending.record(|span| {
            span.set("report", report);
        });
    }

    fn record_cancelled(&self, sending: &mut InFlight) {
        sending.record(|span| {
            span.set("cancelled", true);
        });
    }

    fn is_awaited_when_dropped(&self) -> bool {
        self.is_awaited_when_dropped
    }

    fn discard(&self, report: u32) {
        self.broker.0.lock().unwrap().discarded.push(report);
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.broker.0.lock().unwrap().is_dropped = true;
    }
}

struct Setup {
    spans: TestSpans,
    broker: Broker,
}

impl Setup {
    fn new() -> Self {
        Self { spans: TestSpans::new(), broker: Broker::default() }
    }

    fn send(&self, is_awaited_when_dropped: bool) -> Reported<Answer> {
        let scope = InstrumentationScope::builder("test").build();
        let settings = Settings::new().with_provider(self.spans.provider());
        let client = Client::new("nats", scope, settings, Peer::new());
        let operation = MessagingOperation::new(OperationType::Send, Destination::new("orders"));
        let sending = client.start(&operation, &Context::new(), |_| {});
        Reported::new(self.broker.future(is_awaited_when_dropped), sending)
    }

    /// Returns the report that the span has recorded and whether it was cancelled, if the span has ended.
    fn ended(&self) -> Option<(Option<i64>, bool)> {
        let finished = self.spans.finished();
        assert!(finished.len() < 2);
        let span = &finished.first()?.span;
        Some((span.int("report"), span.attribute("cancelled").is_some()))
    }
}

const REPORTED: Option<(Option<i64>, bool)> = Some((Some(7), false));
const CANCELLED: Option<(Option<i64>, bool)> = Some((None, true));

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut TaskContext::from_waker(Waker::noop()))
}

/// Lets the runtime run its tasks.
fn run_tasks(runtime: &Runtime) {
    runtime.block_on(async {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn on_a_runtime_the_span_ends_without_a_reader() {
    let (setup, runtime) = (Setup::new(), runtime());
    let mut reported = runtime.block_on(async { setup.send(true) });
    setup.broker.report(7);
    run_tasks(&runtime);
    assert_eq!(setup.ended(), REPORTED);
    assert_eq!(poll(&mut reported), Poll::Ready(7), "the report is still there");
    assert!(setup.broker.discarded().is_empty());
}

#[test]
fn on_a_runtime_dropping_the_future_does_not_end_the_span() {
    let (setup, runtime) = (Setup::new(), runtime());
    drop(runtime.block_on(async { setup.send(true) }));
    assert_eq!(setup.ended(), None);
    setup.broker.report(7);
    run_tasks(&runtime);
    assert_eq!(setup.ended(), REPORTED);
    assert_eq!(setup.broker.discarded(), [7]);
    assert!(setup.broker.is_dropped(), "nothing is kept");
}

#[test]
fn an_awaited_report_needs_no_task() {
    let (setup, runtime) = (Setup::new(), runtime());
    let broker = setup.broker.clone();
    let report = runtime.block_on(async {
        let reported = setup.send(true);
        tokio::spawn(async move { broker.report(7) });
        reported.await
    });
    assert_eq!((report, setup.ended()), (7, REPORTED));
}

#[test]
fn a_dropped_reader_does_not_keep_the_span_open() {
    let (setup, runtime) = (Setup::new(), runtime());
    let mut reported = runtime.block_on(async { setup.send(true) });
    assert_eq!(poll(&mut reported), Poll::Pending);
    drop(reported);
    setup.broker.report(7);
    run_tasks(&runtime);
    assert_eq!(setup.ended(), REPORTED);
}

#[test]
fn a_report_that_stays_with_the_client_is_dropped_with_the_future() {
    let (setup, runtime) = (Setup::new(), runtime());
    drop(runtime.block_on(async { setup.send(false) }));
    assert_eq!(setup.ended(), CANCELLED);
    assert!(setup.broker.is_dropped());
}

#[test]
fn without_a_runtime_a_poll_or_a_drop_reads_the_report() {
    for is_polled in [true, false] {
        let setup = Setup::new();
        let mut reported = setup.send(true);
        setup.broker.report(7);
        assert_eq!(setup.ended(), None);
        if is_polled {
            assert_eq!(poll(&mut reported), Poll::Ready(7));
        }
        drop(reported);
        assert_eq!(setup.ended(), REPORTED);
        assert_eq!(setup.broker.discarded().len(), usize::from(!is_polled));
    }
}

#[test]
fn without_a_runtime_a_drop_before_the_report_is_cancelled() {
    let setup = Setup::new();
    drop(setup.send(true));
    assert_eq!(setup.ended(), CANCELLED);
    setup.broker.report(7);
    assert_eq!(setup.ended(), CANCELLED);
}

#[test]
fn a_report_after_the_end_of_the_runtime_ends_it_without_a_deadlock() {
    for is_kept in [true, false] {
        let (setup, runtime) = (Setup::new(), runtime());
        let reported = runtime.block_on(async { setup.send(true) });
        let kept = is_kept.then_some(reported);
        drop(runtime);
        setup.broker.report(7);
        drop(kept);
        assert_eq!(setup.ended(), if is_kept { REPORTED } else { CANCELLED });
    }
}

#[test]
fn a_report_that_is_ready_at_once() {
    let setup = Setup::new();
    setup.broker.report(7);
    let mut reported = setup.send(true);
    assert_eq!(setup.ended(), REPORTED);
    assert_eq!(poll(&mut reported), Poll::Ready(7));
    assert_eq!(poll(&mut reported), Poll::Pending, "as the client's own future");
}
