//! The installed provider records and propagates, and replacing it blocks no thread.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::opentelemetry::trace::TraceContextExt;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::propagation::{
    Extract, Extracted, Format, Inject, Propagator, TraceContext, parse_traceparent,
};
use tracing_core_lite::{Context, SpanContext, Tracer, TracerProvider};

/// An exporter that never accepts a batch.
struct Hangs;

impl Exporter for Hangs {
    fn export(&mut self, _batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        std::thread::sleep(Duration::from_secs(3));
        Err(ExportError::Permanent { reason: "hung up".to_owned() })
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

/// A format that panics.
#[derive(Debug)]
struct Panics;

impl Format for Panics {
    fn fields(&self) -> &[&'static str] {
        &["x-faulty"]
    }

    fn extract(&self, _: &dyn Extract, _: &mut Extracted) {
        panic!("on purpose, in a test");
    }

    fn inject(&self, _: &SpanContext, _: &Context, _: &mut dyn Inject) {
        panic!("on purpose, in a test");
    }
}

fn remote() -> SpanContext {
    let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    parse_traceparent(header).unwrap().with_trace_state(Default::default())
}

/// A single test, because a process has only one installed provider.
#[test]
fn the_installed_provider_records_and_propagates() {
    let tracer = Tracer::global_named("test");
    let propagator = Propagator::global();
    let incoming: HashMap<String, String> =
        [("traceparent".to_owned(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned())]
            .into();
    assert!(propagator.extract(&incoming).span_context.is_some(), "W3C while nothing is installed");
    assert!(!tracer.span("nowhere").with_parent(&Context::new()).start().is_recording());

    let memory = MemoryExporter::new();
    let first = TracerProvider::builder()
        .with_exporter(memory.clone())
        .with_propagator(Propagator::none())
        .build()
        .unwrap();
    first.install();
    tracer.span("first").with_parent(&Context::new()).start().end();
    first.flush(Duration::from_secs(10)).unwrap();
    assert_eq!(memory.finished()[0].span.name, "first");
    assert!(
        propagator.extract(&incoming).span_context.is_none(),
        "the installed provider's propagator counts"
    );

    // A provider whose propagator delegates to the global one uses W3C instead of recursing.
    let second =
        TracerProvider::builder().with_exporter(Hangs).with_propagator(Propagator::global()).build().unwrap();
    second.install();
    assert!(propagator.extract(&incoming).span_context.is_some());

    // A format that panics does not disable the installed propagator for its thread.
    let panicking = Propagator::new([Arc::new(Panics) as Arc<dyn Format>, Arc::new(TraceContext)]);
    let panicking = TracerProvider::builder().with_propagator(panicking).build().unwrap();
    panicking.install();
    let context = Context::new().with_remote_span_context(remote());
    for _ in 0..2 {
        let extracted = catch_unwind(AssertUnwindSafe(|| propagator.extract(&incoming)));
        assert!(extracted.is_err(), "the installed propagator is asked, and panics");
        let injected = catch_unwind(AssertUnwindSafe(|| propagator.inject(&context, &mut HashMap::new())));
        assert!(injected.is_err(), "the installed propagator is asked, and panics");
    }
    second.install();
    assert!(propagator.extract(&incoming).span_context.is_some());

    // A thread that learns of a replacement late does not wait for the shutdown of the replaced provider.
    tracer.span("second").with_parent(&Context::new()).start().end();
    let third = TracerProvider::builder().with_exporter(memory.clone()).build().unwrap();
    let still_held = second.clone();
    third.install();
    drop(second);
    let dropper = std::thread::spawn(move || drop(still_held));
    let before = Instant::now();
    tracer.span("third").with_parent(&Context::new()).start().end();
    assert!(before.elapsed() < Duration::from_secs(2), "a request waited {:?}", before.elapsed());
    dropper.join().unwrap();
}
