//! A provider says what tracing costs.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tracing_core_lite::overhead::Overhead;
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, TracerProvider};

/// An exporter that works for some time on each batch, or waits until it may go on.
struct Busy {
    works: Duration,
    exporting: Option<(SyncSender<()>, Receiver<()>)>,
}

impl Exporter for Busy {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        if let Some((begun, go_on)) = &self.exporting {
            begun.send(()).unwrap();
            // The test has ended if there is no sender.
            let _ = go_on.recv();
        }
        let until = Instant::now() + self.works;
        while Instant::now() < until {
            std::hint::black_box((0..10_000u64).map(|it| it.wrapping_mul(it)).sum::<u64>());
        }
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn record(provider: &TracerProvider, spans: usize) {
    let tracer = provider.tracer("shop");
    for _ in 0..spans {
        let span = tracer.span("step").with_parent(&Context::new()).start_with(|span| {
            span.set("shop.sku", "A-7");
        });
        span.set("shop.quantity", 3);
        span.end();
    }
}

/// Waits until the report is as expected.
fn wait_for(provider: &TracerProvider, expected: impl Fn(&Overhead) -> bool) -> Overhead {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let overhead = provider.overhead();
        if expected(&overhead) {
            return overhead;
        }
        assert!(Instant::now() < deadline, "{overhead}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_cpu_time_of_the_export_thread_is_that_of_the_operating_system() {
    let exporter = Busy { works: Duration::from_millis(50), exporting: None };
    let provider = TracerProvider::builder().with_exporter(exporter).build().unwrap();
    record(&provider, 1);
    provider.flush(Duration::from_secs(60)).unwrap();
    // On a busy machine, the thread does not get the CPU all the time.
    let overhead = wait_for(&provider, |it| it.thread_cpu.is_some_and(|time| !time.is_zero()));
    assert!(overhead.process_cpu.is_some(), "{overhead}");
    assert!(overhead.cpus > 0);
    assert!(overhead.to_string().contains("on the suite's own threads"), "{overhead}");
}

#[test]
fn the_time_on_threads_that_record_spans_is_extrapolated_from_samples() {
    let provider = TracerProvider::builder().build().unwrap();
    const SPANS: usize = 50_000;
    let begun = Instant::now();
    record(&provider, SPANS);
    let elapsed = begun.elapsed();
    let overhead = provider.overhead();
    // Three calls for each span, of which one in 256 is timed.
    let expected = SPANS as u64 * 3 / 256;
    assert!(overhead.samples > expected / 2 && overhead.samples < expected * 2, "{overhead}");
    assert!(overhead.request_cpu > Duration::ZERO, "{overhead}");
    assert!(overhead.request_cpu < elapsed * 2, "{overhead}, in {elapsed:?}");
}

#[test]
fn memory_is_that_of_buffers_and_of_the_queue() {
    let (begun, has_begun) = sync_channel(8);
    let (go_on, goes_on) = sync_channel(8);
    let exporter = Busy { works: Duration::ZERO, exporting: Some((begun, goes_on)) };
    let limits = BatchLimits::default().with_schedule_delay(Duration::from_secs(3600));
    let provider =
        TracerProvider::builder().with_exporter(exporter).with_batch_limits(limits).build().unwrap();
    assert_eq!(provider.overhead().memory.total(), 0);

    record(&provider, 1);
    let memory = provider.overhead().memory;
    assert!(memory.buffered > 50 && memory.queued == 0, "{memory:?}");

    std::thread::scope(|scope| {
        scope.spawn(|| provider.flush(Duration::from_secs(60)).unwrap());
        has_begun.recv().unwrap();
        let exporting = provider.overhead().memory;
        assert!(exporting.queued > 50, "the batch that is being exported: {exporting:?}");
        go_on.send(()).unwrap();
    });
    let memory = provider.overhead().memory;
    assert_eq!(memory.queued, 0, "{memory:?}");
    assert_eq!(memory.total(), memory.buffered + memory.spare);
    drop(go_on);
}

#[test]
fn requests_are_the_spans_without_a_local_parent() {
    // All spans are in one batch, which is read.
    let limits = BatchLimits::default()
        .with_schedule_delay(Duration::from_secs(3600))
        .with_max_queue_size(1_000_000)
        .with_max_queue_bytes(usize::MAX / 4)
        .with_max_batch_bytes(usize::MAX / 4)
        .with_max_export_batch_size(500_000);
    let provider = TracerProvider::builder().with_batch_limits(limits).build().unwrap();
    let tracer = provider.tracer("shop");
    let request = tracer.span("GET /orders").with_parent(&Context::new()).start();
    let context = request.in_context(&Context::new());
    let begun = Instant::now();
    for _ in 0..30_000 {
        tracer.span("step").with_parent(&context).start().end();
    }
    let steps = begun.elapsed();
    request.end();
    provider.flush(Duration::from_secs(60)).unwrap();
    let overhead = provider.overhead();
    let share = overhead.latency_share.unwrap();
    let measured = overhead.request_cpu.as_secs_f64() / share;
    // Steps take no part in the duration of requests: they would double it.
    let expected = steps.as_secs_f64();
    assert!(
        measured > expected * 0.9 && measured < expected * 1.5,
        "{measured} s of {expected} s: {overhead}"
    );
}

#[test]
fn the_report_reads_well() {
    let provider = TracerProvider::builder().build().unwrap();
    let text = provider.overhead().to_string();
    for expected in [
        "overhead of tracing",
        "the budget is held",
        "CPU ",
        "latency ",
        "memory ",
        "budget 5 %",
        "budget 100.0 MB",
    ] {
        assert!(text.contains(expected), "{expected:?} in {text}");
    }
}
