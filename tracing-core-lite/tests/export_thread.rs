//! Export never blocks and counts every lost span, with receivers that are down, slow, full or broken.
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, FlushError, Tracer, TracerProvider};

const SOON: Duration = Duration::from_secs(10);

/// A receiver's results, one for each attempt. `Ok` after the last one.
#[derive(Clone, Default)]
struct Scripted {
    replies: Arc<Mutex<VecDeque<Result<Exported, ExportError>>>>,
    attempts: Arc<AtomicUsize>,
    accepted: MemoryExporter,
}

impl Exporter for Scripted {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        let reply = self.replies.lock().unwrap().pop_front();
        if let Some(reply) = reply {
            reply?;
        }
        self.accepted.export(batch, deadline)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn down() -> Result<Exported, ExportError> {
    Err(ExportError::Retryable {
        reason: "connection refused".to_owned(),
        after: Some(Duration::from_millis(1)),
    })
}

/// A receiver that accepts no batch until it is released.
#[derive(Clone, Default)]
struct Gate {
    open: Arc<(Mutex<bool>, Condvar)>,
    seen: Arc<AtomicUsize>,
}

impl Gate {
    fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }
}

impl Exporter for Gate {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let mut open = self.open.0.lock().unwrap();
        while !*open {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ExportError::Retryable { reason: "timed out".to_owned(), after: None });
            }
            open = self.open.1.wait_timeout(open, left).unwrap().0;
        }
        self.seen.fetch_add(batch.span_count(), Ordering::SeqCst);
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn provider(exporter: impl Exporter, limits: BatchLimits) -> TracerProvider {
    TracerProvider::builder().with_exporter(exporter).with_batch_limits(limits).build().unwrap()
}

fn record(tracer: &Tracer, count: usize) {
    let root = Context::new();
    for _ in 0..count {
        tracer.span("work").with_parent(&root).start_with(|span| {
            span.set("padding", "0123456789".repeat(10).as_str());
        });
    }
}

#[test]
fn a_receiver_that_is_down_gets_everything_once_it_is_back() {
    let exporter = Scripted::default();
    exporter.replies.lock().unwrap().extend([down(), down(), down()]);
    let provider = provider(exporter.clone(), BatchLimits::default());
    record(&provider.tracer("test"), 100);
    provider.flush(SOON).unwrap();
    assert_eq!(exporter.accepted.finished().len(), 100);
    assert_eq!(exporter.attempts.load(Ordering::SeqCst), 4);
    assert_eq!(provider.stats().exported, 100);
    assert_eq!(provider.stats().lost(), 0);
}

#[test]
fn a_permanently_refused_batch_is_counted_and_the_next_one_is_sent() {
    let exporter = Scripted::default();
    exporter.replies.lock().unwrap().push_back(Err(ExportError::Permanent { reason: "400".to_owned() }));
    let provider = provider(exporter.clone(), BatchLimits::default());
    record(&provider.tracer("test"), 10);
    assert_eq!(provider.flush(SOON), Err(FlushError::Lost(10)));
    record(&provider.tracer("test"), 5);
    provider.flush(SOON).unwrap();
    assert_eq!(exporter.accepted.finished().len(), 5);
    assert_eq!(provider.stats().dropped_export_failed, 10);
}

#[test]
fn a_full_queue_drops_and_counts_and_never_blocks() {
    let gate = Gate::default();
    let limits = BatchLimits::default().with_max_queue_size(1000).with_max_export_batch_size(100);
    let provider = provider(gate.clone(), limits);
    let recorded = 50_000;
    record(&provider.tracer("test"), recorded);
    let dropped = provider.stats().dropped_queue_full;
    // The queue, and one chunk of the thread.
    assert!(dropped >= recorded as u64 - 1100, "only {dropped} were dropped");
    assert!(dropped < recorded as u64, "the queue holds something");
    gate.open();
    provider.flush(SOON).unwrap();
    assert_eq!(
        gate.seen.load(Ordering::SeqCst) as u64 + dropped,
        recorded as u64,
        "every span is accounted for"
    );
}

#[test]
fn the_queue_is_bounded_in_bytes_too() {
    let gate = Gate::default();
    let limits = BatchLimits::default().with_max_queue_bytes(1024 * 1024);
    let provider = provider(gate.clone(), limits);
    let tracer = provider.tracer("test");
    let text = "x".repeat(100_000);
    for _ in 0..100 {
        tracer.span("large").with_parent(&Context::new()).start_with(|span| {
            span.set("text", &text);
        });
    }
    let dropped = provider.stats().dropped_queue_full;
    assert!(dropped >= 85, "10 MB went into a queue of 1 MiB, and {dropped} of 100 were dropped");
    gate.open();
    provider.flush(SOON).unwrap();
    assert_eq!(gate.seen.load(Ordering::SeqCst) as u64 + dropped, 100);
}

#[test]
fn flush_gives_up_at_its_deadline_and_the_spans_go_out_later() {
    let gate = Gate::default();
    let provider = provider(gate.clone(), BatchLimits::default());
    record(&provider.tracer("test"), 10);
    let before = Instant::now();
    assert_eq!(provider.flush(Duration::from_millis(50)), Err(FlushError::Timeout));
    assert!(before.elapsed() < SOON, "the deadline was kept");
    gate.open();
    provider.flush(SOON).unwrap();
    assert_eq!(gate.seen.load(Ordering::SeqCst), 10);
}

#[test]
fn shutdown_gives_up_at_its_deadline() {
    let gate = Gate::default();
    let provider = provider(gate, BatchLimits::default());
    record(&provider.tracer("test"), 10);
    let before = Instant::now();
    // Which of the two happens depends on whether the caller or the export thread notices the deadline first.
    let outcome = provider.shutdown(Duration::from_millis(50));
    assert!(matches!(outcome, Err(FlushError::Timeout | FlushError::Lost(10))), "{outcome:?}");
    assert!(before.elapsed() < SOON, "the deadline was kept");
}

#[test]
fn a_drop_after_a_shutdown_does_not_wait() {
    let provider = provider(Gate::default(), BatchLimits::default());
    record(&provider.tracer("test"), 10);
    let _late = provider.shutdown(Duration::from_millis(50));
    let before = Instant::now();
    drop(provider);
    assert!(before.elapsed() < Duration::from_secs(4), "the drop took {:?}", before.elapsed());
}

#[test]
fn spans_that_end_after_the_shutdown_are_counted() {
    let memory = MemoryExporter::new();
    let provider = provider(memory.clone(), BatchLimits::default());
    let tracer = provider.tracer("test");
    let late = tracer.span("late").with_parent(&Context::new()).start();
    tracer.span("early").with_parent(&Context::new()).start().end();
    provider.shutdown(SOON).unwrap();
    late.end();
    assert_eq!(memory.finished().len(), 1);
    assert_eq!(provider.stats().dropped_after_shutdown, 1);
    assert!(!tracer.span("later").with_parent(&Context::new()).start().is_recording());
    assert_eq!(provider.shutdown(SOON), Ok(()), "a second shutdown finds nothing to do");
}

#[test]
fn spans_of_threads_that_are_gone_are_exported() {
    let memory = MemoryExporter::new();
    let provider = provider(memory.clone(), BatchLimits::default());
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let tracer = provider.tracer("test");
            std::thread::spawn(move || record(&tracer, 700))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    provider.flush(SOON).unwrap();
    assert_eq!(memory.finished().len(), 5600);
}

#[test]
fn a_span_that_ends_during_the_end_of_its_thread_is_exported() {
    thread_local! {
        static HELD: std::cell::RefCell<Option<tracing_core_lite::Span>> = const { std::cell::RefCell::new(None) };
    }
    let memory = MemoryExporter::new();
    let provider = provider(memory.clone(), BatchLimits::default());
    let tracer = provider.tracer("test");
    std::thread::spawn(move || {
        // Initialized first, so that it is dropped after the thread's buffers.
        HELD.with(|held| *held.borrow_mut() = Some(tracer.span("held").with_parent(&Context::new()).start()));
        record(&tracer, 1);
    })
    .join()
    .unwrap();
    provider.flush(SOON).unwrap();
    let names: Vec<_> = memory.finished().into_iter().map(|finished| finished.span.name).collect();
    assert!(names.contains(&"held".to_owned()), "{names:?}");
}

#[test]
fn a_full_batch_does_not_wait_for_the_schedule() {
    let memory = MemoryExporter::new();
    let limits =
        BatchLimits::default().with_schedule_delay(Duration::from_secs(3600)).with_max_export_batch_size(64);
    let provider = provider(memory.clone(), limits);
    record(&provider.tracer("test"), 64 * 3);
    let deadline = Instant::now() + SOON;
    while memory.finished().len() < 64 * 3 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(memory.finished().len(), 64 * 3);
}

/// Waits until `count` spans are exported.
fn wait_for(provider: &TracerProvider, count: u64) {
    let deadline = Instant::now() + SOON;
    while provider.stats().exported < count && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(provider.stats().exported >= count, "{:?}", provider.stats());
}

#[test]
fn full_batches_leave_at_once_while_the_export_thread_rests_and_after() {
    let limits =
        BatchLimits::default().with_schedule_delay(Duration::from_secs(3600)).with_max_export_batch_size(64);
    let provider = provider(MemoryExporter::new(), limits);
    for (round, pause) in [0, 0, 1, 5, 10, 15, 50, 0].into_iter().enumerate() {
        std::thread::sleep(Duration::from_millis(pause));
        record(&provider.tracer("test"), 64);
        wait_for(&provider, 64 * (round as u64 + 1));
    }
}

#[test]
fn a_queue_of_one_batch_is_exported_before_it_is_full() {
    let limits = BatchLimits::default()
        .with_schedule_delay(Duration::from_secs(3600))
        .with_max_queue_size(512)
        .with_max_export_batch_size(512);
    let provider = provider(MemoryExporter::new(), limits);
    // Some of these chunks of 64 KiB are handed over, which are smaller than half a queue.
    for _ in 0..400 {
        provider.tracer("test").span("work").with_parent(&Context::new()).start_with(|span| {
            span.set("padding", "0123456789".repeat(30).as_str());
        });
    }
    wait_for(&provider, 256);
    assert_eq!(provider.stats().lost(), 0);
}

#[test]
fn no_span_waits_longer_than_the_schedule_under_lasting_load() {
    let limits =
        BatchLimits::default().with_schedule_delay(Duration::from_millis(50)).with_max_export_batch_size(64);
    let memory = MemoryExporter::with_capacity(10_000);
    let provider = provider(memory.clone(), limits);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                record(&provider.tracer("test"), 64);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        std::thread::sleep(Duration::from_millis(20));
        let start = Instant::now();
        provider.tracer("test").span("alone").with_parent(&Context::new()).start().end();
        while memory.finished().iter().all(|it| it.span.name != "alone") && start.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, Ordering::Relaxed);
        assert!(
            start.elapsed() < SOON,
            "the span that is alone in its thread waits for the schedule, and not longer"
        );
    });
}

#[test]
fn no_batch_is_larger_than_configured() {
    #[derive(Clone, Default)]
    struct Sizes(Arc<Mutex<Vec<usize>>>);
    impl Exporter for Sizes {
        fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
            self.0.lock().unwrap().push(batch.span_count());
            Ok(Exported::default())
        }

        fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }
    let sizes = Sizes::default();
    let provider = provider(sizes.clone(), BatchLimits::default().with_max_export_batch_size(50));
    record(&provider.tracer("test"), 1234);
    provider.shutdown(SOON).unwrap();
    let sizes = sizes.0.lock().unwrap();
    assert!(sizes.iter().all(|size| *size <= 50), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 1234);
}

#[test]
fn an_exporter_that_panics_loses_only_its_batch() {
    struct Panics(MemoryExporter, bool);
    impl Exporter for Panics {
        fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
            if !std::mem::replace(&mut self.1, true) {
                panic!("on purpose, in a test");
            }
            self.0.export(batch, deadline)
        }

        fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }
    let memory = MemoryExporter::new();
    let provider = provider(Panics(memory.clone(), false), BatchLimits::default());
    record(&provider.tracer("test"), 3);
    assert_eq!(provider.flush(SOON), Err(FlushError::Lost(3)));
    record(&provider.tracer("test"), 4);
    provider.flush(SOON).unwrap();
    assert_eq!(memory.finished().len(), 4);
}

#[test]
fn spans_that_the_receiver_rejects_are_counted() {
    struct Partial;
    impl Exporter for Partial {
        fn export(&mut self, _batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
            Ok(Exported::new(3, "too old"))
        }

        fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }
    let provider = provider(Partial, BatchLimits::default());
    record(&provider.tracer("test"), 10);
    assert_eq!(provider.flush(SOON), Err(FlushError::Lost(3)));
    assert_eq!((provider.stats().exported, provider.stats().rejected), (7, 3));
}

#[test]
fn the_last_drop_of_a_provider_exports_the_remaining_spans() {
    let memory = MemoryExporter::new();
    let provider = provider(memory.clone(), BatchLimits::default());
    record(&provider.tracer("test"), 10);
    drop(provider);
    assert_eq!(memory.finished().len(), 10);
}

#[test]
fn shutdown_works_inside_a_current_thread_runtime() {
    let memory = MemoryExporter::new();
    let provider = provider(memory.clone(), BatchLimits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        record(&provider.tracer("test"), 10);
        provider.flush(SOON).unwrap();
        record(&provider.tracer("test"), 10);
        provider.shutdown(SOON).unwrap();
    });
    assert_eq!(memory.finished().len(), 20);
}

#[test]
fn shutdown_works_inside_a_multi_thread_runtime() {
    let memory = MemoryExporter::new();
    let provider = provider(memory.clone(), BatchLimits::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let tracer = provider.tracer("test");
                tokio::spawn(async move { record(&tracer, 100) })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        provider.shutdown(SOON).unwrap();
    });
    assert_eq!(memory.finished().len(), 400);
}

/// A receiver that accepts everything, slowly.
struct Slow(Duration);

impl Exporter for Slow {
    fn export(&mut self, _batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        std::thread::sleep(self.0);
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn accounted(provider: &TracerProvider) -> u64 {
    let stats = provider.stats();
    stats.exported + stats.lost() + stats.queued
}

#[test]
fn threads_that_end_leave_nothing_behind_that_is_not_counted() {
    let gate = Gate::default();
    let limits = BatchLimits::default().with_max_queue_size(1000).with_max_export_batch_size(100);
    let provider = provider(gate.clone(), limits);
    for _ in 0..200 {
        let tracer = provider.tracer("test");
        std::thread::spawn(move || record(&tracer, 50)).join().unwrap();
    }
    assert_eq!(accounted(&provider), 10_000, "{:?}", provider.stats());
    assert!(provider.stats().queued <= 1000);
    gate.open();
    provider.shutdown(SOON).unwrap();
    assert_eq!(accounted(&provider), 10_000);
}

#[test]
fn many_threads_and_a_small_queue_lose_nothing_at_the_shutdown() {
    let limits = BatchLimits::default().with_max_queue_size(100).with_max_export_batch_size(100);
    let provider = provider(MemoryExporter::new(), limits);
    let recorded = std::sync::Barrier::new(41);
    let shut_down = std::sync::Barrier::new(41);
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                record(&provider.tracer("test"), 60);
                recorded.wait();
                shut_down.wait();
            });
        }
        recorded.wait();
        provider.shutdown(SOON).unwrap();
        shut_down.wait();
    });
    assert_eq!(accounted(&provider), 2400, "{:?}", provider.stats());
}

#[test]
fn a_flush_is_done_while_more_spans_come_than_can_leave() {
    let limits = BatchLimits::default().with_max_queue_size(200).with_max_export_batch_size(50);
    let provider = provider(Slow(Duration::from_millis(2)), limits);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let flushed = std::thread::scope(|scope| {
        scope.spawn(|| {
            let tracer = provider.tracer("test");
            while !stop.load(Ordering::Relaxed) {
                record(&tracer, 100);
            }
        });
        std::thread::sleep(Duration::from_millis(50));
        let flushed = provider.flush(SOON);
        stop.store(true, Ordering::Relaxed);
        flushed
    });
    assert!(!matches!(flushed, Err(FlushError::Timeout)), "{flushed:?}");
}

#[test]
fn the_longest_durations_are_accepted() {
    let limits = BatchLimits::default()
        .with_schedule_delay(Duration::MAX)
        .with_export_timeout(Duration::MAX)
        .with_retry_timeout(Duration::MAX);
    let memory = MemoryExporter::new();
    let provider = provider(memory.clone(), limits);
    record(&provider.tracer("test"), 3);
    provider.flush(Duration::MAX).unwrap();
    assert_eq!(memory.finished().len(), 3);
    provider.shutdown(Duration::MAX).unwrap();
}

#[test]
fn an_export_timeout_of_zero_is_none() {
    struct Checks;
    impl Exporter for Checks {
        fn export(&mut self, _batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
            assert!(deadline > Instant::now() + Duration::from_secs(60));
            Ok(Exported::default())
        }

        fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }
    // A full batch, because a flush would set the deadline.
    let limits = BatchLimits::default().with_export_timeout(Duration::ZERO).with_max_export_batch_size(10);
    let provider = provider(Checks, limits);
    record(&provider.tracer("test"), 10);
    let deadline = Instant::now() + SOON;
    while provider.stats().exported < 10 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!((provider.stats().exported, provider.stats().lost()), (10, 0));
}

#[test]
fn a_span_larger_than_the_queue_does_not_stop_those_after_it() {
    let memory = MemoryExporter::new();
    let limits = BatchLimits::default().with_max_queue_bytes(1024 * 1024);
    let provider = TracerProvider::builder()
        .with_exporter(memory.clone())
        .with_batch_limits(limits)
        .with_span_limits(tracing_core_lite::span::SpanLimits::default().with_span_bytes(1 << 23))
        .build()
        .unwrap();
    let tracer = provider.tracer("test");
    tracer.span(&"n".repeat(1 << 21)).with_parent(&Context::new()).start_with(|span| {
        span.set("text", "x".repeat(1 << 21).as_str());
    });
    provider.flush(SOON).unwrap();
    record(&tracer, 10);
    provider.flush(SOON).unwrap();
    assert_eq!(memory.finished().len(), 11);
}
