//! A write to a span from within a write to the same span is dropped, and the program is warned of it once.
//!
//! The warning is given once per process, so this is the only test of this program.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core_lite::opentelemetry::KeyValue;
use tracing_core_lite::opentelemetry::trace::TraceContextExt;
use tracing_core_lite::span::{Span, current_span};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Status};

/// A subscriber that keeps the messages of warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn count(&self) -> usize {
        let messages = self.0.lock().unwrap();
        messages.iter().filter(|it| it.starts_with("a write to a span was dropped")).count()
    }
}

impl Visit for Warnings {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Writes to a span in some way, given the span and a context that carries it.
type Write = fn(&Span, &Context);

const INNER_WRITES: [(&str, Write); 8] = [
    ("the current span", |_, _| current_span().set("inner", 1)),
    ("the handle", |span, _| span.set("inner", 1)),
    ("a closure in a closure", |span, _| span.record(|recorder| _ = recorder.set("inner", 1))),
    ("an error", |_, _| current_span().record_error(&std::fmt::Error)),
    ("an event", |span, _| span.add_event("inner", &[])),
    ("the status", |span, _| span.set_status(Status::error("inner"))),
    ("the name", |span, _| span.set_name("inner")),
    ("the span of a context", |_, context| {
        context.span().set_attribute(KeyValue::new("inner", 1));
    }),
];

fn write_from_all_places(spans: &TestSpans, warnings: &Warnings) {
    let tracer = spans.tracer();
    let (span, other) = (tracer.span("allowed").start(), tracer.span("other").start());
    span.record(|recorder| {
        recorder.set("outer", 1);
        other.set("other", 1);
        std::thread::scope(|scope| _ = scope.spawn(|| other.set("thread", 1)).join());
    });
    span.set("after", 1);
    span.end();
    assert_eq!(warnings.count(), 0, "these writes are allowed");

    for (place, write) in INNER_WRITES {
        let span = tracer.span("work").start();
        let context = span.in_context(&Context::new());
        let guard = context.clone().attach();
        span.record(|recorder| {
            write(&span, &context);
            recorder.set("place", place);
        });
        assert_eq!(warnings.count(), 1, "{place}");
        drop(guard);
    }
}

#[test]
fn an_inner_write_is_dropped_and_the_program_is_warned_once() {
    let (spans, warnings) = (TestSpans::new(), Warnings::default());
    let (done, is_done) = mpsc::channel();
    let (writer, subscriber) = (spans.clone(), warnings.clone());
    let thread = std::thread::spawn(move || {
        let counted = subscriber.clone();
        tracing::subscriber::with_default(subscriber, || write_from_all_places(&writer, &counted));
        let _waits = done.send(());
    });
    let in_time = is_done.recv_timeout(Duration::from_secs(60));
    assert_ne!(in_time, Err(mpsc::RecvTimeoutError::Timeout), "a span waits for itself");
    thread.join().unwrap();

    let written: Vec<_> =
        spans.finished().into_iter().map(|it| it.span).filter(|it| it.name == "work").collect();
    assert_eq!(written.len(), INNER_WRITES.len(), "no name was changed");
    for (span, (place, _)) in written.iter().zip(INNER_WRITES) {
        let keys: Vec<_> = span.attributes.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["place"], "{place}");
        assert!(span.events.is_empty(), "{place}");
        assert_eq!(span.status, Default::default(), "{place}");
    }
}
