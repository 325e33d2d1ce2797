//! The provider of the process: what is installed records and propagates, and a replacement holds nobody up.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::{Context, Tracer, TracerProvider};

/// Never takes anything, and never hurries to say so.
struct Hangs;

impl Exporter for Hangs {
    fn export(&mut self, _batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        std::thread::sleep(Duration::from_secs(3));
        Err(ExportError::Permanent { reason: "hung up".to_owned() })
    }
}

/// One test, as there is one installed provider in a process.
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

    // A provider whose own propagator is the global one ends up at W3C, not in a circle.
    let second =
        TracerProvider::builder().with_exporter(Hangs).with_propagator(Propagator::global()).build().unwrap();
    second.install();
    assert!(propagator.extract(&incoming).span_context.is_some());

    // A thread that learns late of a replacement does not wait for the shutdown of what was replaced.
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
