//! Exporter and sampler can be replaced while spans start and end, and no span is lost.
#![cfg(feature = "reload")]
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::{
    Batch, ExportError, Exported, Exporter, Fanout, ReloadError, ReloadableExporter,
};
use tracing_core_lite::sampling::{AlwaysOff, AlwaysOn, ParentBased, Ratio, ReloadableSampler};
use tracing_core_lite::{Context, FlushError, TracerProvider};

const PATIENCE: Duration = Duration::from_secs(20);

fn provider(exporter: impl Exporter) -> TracerProvider {
    TracerProvider::builder().with_exporter(exporter).build().unwrap()
}

fn end_span(provider: &TracerProvider, name: &'static str) {
    provider.tracer("test").span(name).with_parent(&Context::new()).start().end();
}

fn names(exporter: &MemoryExporter) -> Vec<String> {
    exporter.finished().into_iter().map(|it| it.span.name.to_string()).collect()
}

fn failure() -> ExportError {
    ExportError::Permanent { reason: "out of order".to_owned() }
}

/// An exporter made of functions.
struct Scripted<E, S> {
    export: E,
    shutdown: S,
    judges_unsampled: bool,
}

impl<E, S> Exporter for Scripted<E, S>
where
    E: FnMut(&Batch) -> Result<Exported, ExportError> + Send + 'static,
    S: FnMut() -> Result<(), ExportError> + Send + 'static,
{
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        (self.export)(batch)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&mut self, _: Instant) -> Result<(), ExportError> {
        (self.shutdown)()
    }

    fn judges_unsampled(&self) -> bool {
        self.judges_unsampled
    }
}

fn accepts(shutdown: impl FnMut() -> Result<(), ExportError> + Send + 'static) -> impl Exporter {
    Scripted { export: |_: &Batch| Ok(Exported::default()), shutdown, judges_unsampled: false }
}

#[test]
fn no_span_is_lost_while_exporters_are_replaced_under_load() {
    const EXCHANGES: usize = 50;
    let memory = MemoryExporter::new();
    let exporter = ReloadableExporter::new(memory.clone());
    let handle = exporter.handle();
    let provider = provider(exporter);
    let (stop, ended) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // A full queue drops spans, which is not what this is about.
                    while provider.stats().queued > 500 {
                        thread::yield_now();
                    }
                    end_span(&provider, "work");
                    ended.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in 0..EXCHANGES {
            match number % 2 {
                // Accepts batches before it exports them.
                0 => handle.set(Fanout::new(vec![Box::new(memory.clone()), Box::new(MemoryExporter::new())])),
                _ => handle.set(memory.clone()),
            }
            .unwrap();
            let before = ended.load(Ordering::Relaxed);
            while ended.load(Ordering::Relaxed) < before + 100 {
                thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    provider.flush(PATIENCE).unwrap();
    let (ended, stats) = (ended.into_inner(), provider.stats());
    assert_eq!(memory.finished().len() as u64, ended);
    assert_eq!((stats.exported, stats.lost()), (ended, 0));
}

#[test]
fn a_batch_that_is_retried_goes_to_the_new_exporter() {
    let (tried, attempts) = sync_channel(100);
    let down = Scripted {
        export: move |_: &Batch| {
            let _ = tried.try_send(());
            Err(ExportError::Retryable { reason: "down".to_owned(), after: None })
        },
        shutdown: || Ok(()),
        judges_unsampled: false,
    };
    let exporter = ReloadableExporter::new(down);
    let (handle, up) = (exporter.handle(), MemoryExporter::new());
    let provider = provider(exporter);
    thread::scope(|scope| {
        end_span(&provider, "stuck");
        let flush = scope.spawn(|| provider.flush(PATIENCE));
        attempts.recv_timeout(PATIENCE).unwrap();
        handle.set(up.clone()).unwrap();
        assert_eq!(flush.join().unwrap(), Ok(()));
    });
    assert_eq!(names(&up), ["stuck"]);
    assert_eq!((provider.stats().exported, provider.stats().lost()), (1, 0));
}

#[test]
fn a_flush_waits_for_the_replaced_exporter_and_its_successor_does_not() {
    let (finish, until): (SyncSender<()>, Receiver<()>) = sync_channel(1);
    let until = Mutex::new(until);
    let slow = accepts(move || {
        until.lock().unwrap().recv().unwrap();
        Ok(())
    });
    let exporter = ReloadableExporter::new(slow);
    let (handle, new) = (exporter.handle(), MemoryExporter::new());
    let provider = provider(exporter);
    handle.set(new.clone()).unwrap();
    end_span(&provider, "after");
    assert_eq!(provider.flush(Duration::from_millis(300)), Err(FlushError::Timeout));
    assert_eq!(names(&new), ["after"], "exported while the other one still closes");
    finish.send(()).unwrap();
    assert_eq!(provider.flush(PATIENCE), Ok(()));
}

#[test]
fn a_replaced_exporter_that_fails_to_close_fails_one_flush() {
    for (case, panics) in [("error", false), ("panic", true)] {
        let exporter = ReloadableExporter::new(accepts(move || {
            assert!(!panics, "a panic on purpose");
            Err(failure())
        }));
        let handle = exporter.handle();
        let provider = provider(exporter);
        handle.set(MemoryExporter::new()).unwrap();
        assert_eq!(provider.flush(PATIENCE), Err(FlushError::NotDurable), "{case}");
        assert_eq!(provider.flush(PATIENCE), Ok(()), "{case}");
    }
}

#[test]
fn a_shutdown_closes_the_replaced_exporter_and_the_current_one() {
    let closed = Arc::new(AtomicU64::new(0));
    let counts = || {
        let closed = Arc::clone(&closed);
        accepts(move || {
            closed.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    };
    let exporter = ReloadableExporter::new(counts());
    let handle = exporter.handle();
    let provider = provider(exporter);
    handle.set(counts()).unwrap();
    provider.shutdown(PATIENCE).unwrap();
    assert_eq!(closed.load(Ordering::Relaxed), 2);
    assert_eq!(handle.set(counts()), Ok(()), "without an effect");
}

#[test]
fn exporters_count_alike_whether_they_count_themselves_or_not() {
    let exporter = ReloadableExporter::new(MemoryExporter::new());
    let handle = exporter.handle();
    let provider = provider(exporter);
    for (parts, fanout) in [(2, true), (1, false), (3, true)] {
        match fanout {
            true => {
                let parts = (0..parts).map(|_| Box::new(MemoryExporter::new()) as Box<dyn Exporter>);
                handle.set(Fanout::new(parts.collect())).unwrap();
            }
            false => handle.set(MemoryExporter::new()).unwrap(),
        }
        end_span(&provider, "counted");
        provider.flush(PATIENCE).unwrap();
    }
    assert_eq!((provider.stats().exported, provider.stats().lost()), (3, 0));
}

#[test]
fn an_exporter_that_judges_unsampled_spans_replaces_only_its_like() {
    let judges = |judges_unsampled| Scripted {
        export: |_: &Batch| Ok(Exported::default()),
        shutdown: || Ok(()),
        judges_unsampled,
    };
    for (first, second) in [(false, true), (true, false)] {
        let handle = ReloadableExporter::new(judges(first)).handle();
        assert_eq!(handle.set(judges(second)), Err(ReloadError::JudgesUnsampled));
        assert_eq!(handle.set(judges(first)), Ok(()));
    }
}

#[test]
fn a_sampler_decides_about_roots_from_its_exchange_on() {
    let sampler = ReloadableSampler::new(ParentBased::new(AlwaysOff));
    let memory = MemoryExporter::new();
    let provider = TracerProvider::builder()
        .with_sampler(sampler.clone())
        .with_exporter(memory.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer("test");
    end_span(&provider, "off");
    sampler.set(ParentBased::new(AlwaysOn));
    let root = tracer.span("on").with_parent(&Context::new()).start();
    sampler.set(ParentBased::new(Ratio::new(0.0)));
    tracer.span("child of on").with_parent(&root.in_context(&Context::new())).start().end();
    root.end();
    end_span(&provider, "ratio 0");
    provider.flush(PATIENCE).unwrap();
    assert_eq!(names(&memory), ["child of on", "on"]);
}

#[test]
fn threads_start_spans_while_samplers_are_replaced() {
    let sampler = ReloadableSampler::new(AlwaysOff);
    let provider = TracerProvider::builder().with_sampler(sampler.clone()).build().unwrap();
    let (sampled, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
    let has_seen_both = || sampled.load(Ordering::Relaxed) > 100 && dropped.load(Ordering::Relaxed) > 100;
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !has_seen_both() {
                    let span = provider.tracer("test").span("work").with_parent(&Context::new()).start();
                    let is_sampled = span.span_context().is_sampled();
                    assert_eq!(span.is_recording(), is_sampled);
                    if is_sampled { &sampled } else { &dropped }.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while !has_seen_both() {
            sampler.set(AlwaysOn);
            thread::yield_now();
            sampler.set(AlwaysOff);
            thread::yield_now();
        }
    });
}
