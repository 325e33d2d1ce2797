//! `flush` and `end_durably` return `Ok` only for spans that are in the backend or on disk.
#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter, PipelineStats};
use tracing_core_lite::sampling::AlwaysOff;
use tracing_core_lite::span::DurableSpans;
use tracing_core_lite::{Context, FlushError, Span, TracerProvider};

const SOON: Duration = Duration::from_secs(20);

/// A sink that does what a test says.
#[derive(Clone, Default)]
struct Sink(Arc<State>);

#[derive(Default)]
struct State {
    exports: AtomicU64,
    spans: AtomicU64,
    flushes: AtomicU64,
    export_error: Mutex<Option<ExportError>>,
    flush_error: Mutex<Option<ExportError>>,
    /// Held by a test to hold up exports.
    gate: Mutex<()>,
}

impl Sink {
    fn exports(&self) -> u64 {
        self.0.exports.load(Ordering::SeqCst)
    }

    fn spans(&self) -> u64 {
        self.0.spans.load(Ordering::SeqCst)
    }

    fn flushes(&self) -> u64 {
        self.0.flushes.load(Ordering::SeqCst)
    }
}

impl Exporter for Sink {
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        self.0.exports.fetch_add(1, Ordering::SeqCst);
        drop(self.0.gate.lock().unwrap());
        if let Some(error) = self.0.export_error.lock().unwrap().clone() {
            return Err(error);
        }
        self.0.spans.fetch_add(batch.span_count() as u64, Ordering::SeqCst);
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        self.0.flushes.fetch_add(1, Ordering::SeqCst);
        self.0.flush_error.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

fn permanent() -> ExportError {
    ExportError::Permanent { reason: "the disk is broken".into() }
}

fn provider(exporter: impl Exporter) -> TracerProvider {
    let limits = BatchLimits::default().with_schedule_delay(Duration::from_secs(3600));
    TracerProvider::builder().with_batch_limits(limits).with_exporter(exporter).build().unwrap()
}

fn start(provider: &TracerProvider, name: &str) -> Span {
    provider.tracer("test").span(name).with_parent(&Context::new()).start()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future without a runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let deadline = Instant::now() + SOON;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Task::from_waker(&waker)) {
            return output;
        }
        assert!(Instant::now() < deadline, "nothing woke the task");
        thread::park_timeout(SOON);
    }
}

fn wait(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_flush_or_shutdown_that_the_exporter_cannot_do_is_an_error() {
    let sink = Sink::default();
    let provider = provider(sink.clone());
    start(&provider, "span").end();
    assert_eq!(provider.flush(SOON), Ok(()));
    *sink.0.flush_error.lock().unwrap() = Some(permanent());
    start(&provider, "span").end();
    assert_eq!(provider.flush(SOON), Err(FlushError::NotDurable));
    *sink.0.flush_error.lock().unwrap() = None;
    assert_eq!(provider.flush(SOON), Ok(()));
    *sink.0.flush_error.lock().unwrap() = Some(permanent());
    assert_eq!(provider.shutdown(SOON), Err(FlushError::NotDurable));
}

#[test]
fn end_durably_resolves_when_the_span_is_exported_and_flushed() {
    let sink = Sink::default();
    let provider = provider(sink.clone());
    let gate = sink.0.gate.lock().unwrap();
    let mut ended = pin!(start(&provider, "span").end_durably());
    wait("an export", || sink.exports() == 1);
    assert!(ended.as_mut().poll(&mut Task::from_waker(Waker::noop())).is_pending());
    drop(gate);
    assert_eq!(block_on(ended), Ok(()));
    assert_eq!((sink.spans(), sink.flushes()), (1, 1));
}

#[test]
fn end_durably_reports_what_went_wrong() {
    let sink = Sink::default();
    let provider = provider(sink.clone());
    *sink.0.flush_error.lock().unwrap() = Some(permanent());
    assert_eq!(block_on(start(&provider, "span").end_durably()), Err(FlushError::NotDurable));
    *sink.0.flush_error.lock().unwrap() = None;
    *sink.0.export_error.lock().unwrap() = Some(permanent());
    assert_eq!(block_on(start(&provider, "span").end_durably()), Err(FlushError::Lost(1)));
    *sink.0.export_error.lock().unwrap() = None;
    let late = start(&provider, "span");
    provider.shutdown(SOON).unwrap();
    assert_eq!(block_on(late.end_durably()), Err(FlushError::Lost(1)));
}

#[test]
fn end_durably_of_a_span_that_is_not_recorded_resolves_at_once() {
    let provider =
        TracerProvider::builder().with_sampler(AlwaysOff).with_exporter(Sink::default()).build().unwrap();
    assert_eq!(block_on(start(&provider, "span").end_durably()), Ok(()));
}

#[test]
fn many_spans_share_a_flush() {
    let sink = Sink::default();
    let provider = provider(sink.clone());
    let gate = sink.0.gate.lock().unwrap();
    let first = start(&provider, "first").end_durably();
    wait("an export", || sink.exports() == 1);
    let ended: Vec<_> = (0..1000).map(|_| start(&provider, "span").end_durably()).collect();
    drop(gate);
    assert_eq!(block_on(first), Ok(()));
    ended.into_iter().for_each(|ended| assert_eq!(block_on(ended), Ok(())));
    assert_eq!((sink.spans(), sink.flushes()), (1001, 2));
}

#[test]
fn a_future_that_is_dropped_still_ends_its_span() {
    let sink = Sink::default();
    let provider = provider(sink.clone());
    drop(start(&provider, "span").end_durably());
    wait("the export", || sink.spans() == 1);
}

#[test]
fn durable_spans_do_not_hurry_a_receiver_that_asked_for_a_pause() {
    let sink = Sink::default();
    let pause = ExportError::Retryable { reason: "busy".into(), after: Some(Duration::from_secs(60)) };
    *sink.0.export_error.lock().unwrap() = Some(pause);
    let provider = provider(sink.clone());
    let first = start(&provider, "span").end_durably();
    wait("an attempt", || sink.exports() == 1);
    (0..100).for_each(|_| drop(start(&provider, "span").end_durably()));
    thread::sleep(Duration::from_millis(50));
    assert_eq!(sink.exports(), 1);
    *sink.0.export_error.lock().unwrap() = None;
    assert_eq!(provider.flush(SOON), Ok(()), "a caller that waits ends the pause");
    assert_eq!(block_on(first), Ok(()));
}

#[test]
fn spans_that_the_policy_names_are_flushed_when_they_end() {
    let sink = Sink::default();
    let limits = BatchLimits::default().with_schedule_delay(Duration::from_secs(3600));
    let policy = DurableSpans::new().with_name("charge card").with_attribute("shop.order.paid");
    let provider = TracerProvider::builder()
        .with_batch_limits(limits)
        .with_durable_spans(policy)
        .with_exporter(sink.clone())
        .build()
        .unwrap();
    start(&provider, "browse").end();
    start(&provider, "charge card").end();
    wait("both spans", || sink.spans() == 2);
    start(&provider, "browse").end();
    let span = start(&provider, "other");
    span.set("shop.order.paid", true);
    span.end();
    wait("both spans", || sink.spans() == 4);
    start(&provider, "browse").end();
    assert_eq!(sink.flushes(), 2);
}

/// A tail sampler that has not decided about its spans.
struct Undecided;

impl Exporter for Undecided {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        stats.set_undecided(3);
        true
    }
}

#[test]
fn a_flush_leaves_undecided_spans_and_says_how_many_there_are() {
    let provider = provider(Undecided);
    assert_eq!(provider.flush(SOON), Ok(()));
    assert_eq!(provider.stats().undecided, 3);
}

#[cfg(feature = "disk-queue")]
#[test]
fn with_a_disk_queue_spans_are_durable_while_the_receiver_is_down() {
    use tracing_core_lite::exporters::disk_queue::{DiskQueueConfig, Fsync};

    let directory = tempfile::tempdir().unwrap();
    let sink = Sink::default();
    *sink.0.export_error.lock().unwrap() =
        Some(ExportError::Retryable { reason: "down".into(), after: None });
    let config = DiskQueueConfig::new(directory.path()).with_fsync(Fsync::Always);
    let provider = provider(config.wrap(sink.clone()));
    assert_eq!(block_on(start(&provider, "span").end_durably()), Ok(()));
    assert_eq!((sink.spans(), provider.stats().stored), (0, 1));
}
