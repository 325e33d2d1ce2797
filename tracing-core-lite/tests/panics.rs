//! A panic within the work of a span is recorded on it: status error, `error.type` `panic`, one `exception` event.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{self, Waker};

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_core_lite::context::{Detached, FutureExt};
use tracing_core_lite::opentelemetry::global;
use tracing_core_lite::opentelemetry::trace::Status;
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Tracer};

/// Polls until the first panic, and keeps the future alive.
fn poll_caught<F: Future>(future: &mut Pin<Box<F>>) {
    let mut cx = task::Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx)));
    assert!(polled.is_err(), "the future should panic");
}

fn assert_panicked(span: &SpanData) {
    assert!(matches!(span.status, StatusData::Error(_)), "{:?}", span.status);
    assert_eq!(span.text("error.type"), Some("panic"));
    let exceptions = span.events.iter().filter(|event| event.name == "exception").count();
    assert_eq!(exceptions, 1);
}

async fn fails() {
    panic!("on purpose, in a test");
}

#[test]
fn a_future_in_a_span_that_panics() {
    let spans = TestSpans::new();
    let start = |name: &'static str| spans.tracer().span(name).with_parent(&Context::new()).start();
    let mut in_span = Box::pin(fails().in_span(start("in_span")));
    poll_caught(&mut in_span);
    let mut try_in_span = Box::pin(
        async {
            fails().await;
            Ok::<(), std::fmt::Error>(())
        }
        .try_in_span(start("try_in_span")),
    );
    poll_caught(&mut try_in_span);
    let mut detached = Box::pin(Detached::new(&spans.tracer(), "detached", fails()));
    poll_caught(&mut detached);
    // The spans have ended although the futures still exist.
    for name in ["in_span", "try_in_span", "detached"] {
        assert_panicked(&spans.one(name));
    }
}

#[test]
fn a_span_that_is_dropped_while_its_thread_unwinds() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let alone = tracer.span("alone").start();
        let shared = tracer.span("shared").start();
        let _context = shared.in_context(&Context::new());
        let ended = tracer.span("ended").start();
        ended.end();
        alone.set("a", 1);
        panic!("on purpose, in a test");
    }));
    assert!(caught.is_err());
    assert_panicked(&spans.one("alone"));
    assert_panicked(&spans.one("shared"));
    assert_eq!(spans.one("ended").status, StatusData::Unset);
}

#[test]
fn a_span_that_starts_and_ends_while_its_thread_unwinds_has_not_panicked() {
    struct RollsBack(Tracer);
    impl Drop for RollsBack {
        fn drop(&mut self) {
            self.0.span("rollback").start();
        }
    }
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _guard = RollsBack(tracer);
        panic!("on purpose, in a test");
    }));
    assert!(caught.is_err());
    assert_eq!(spans.one("rollback").status, StatusData::Unset);
}

/// This test binary installs no provider, so global tracers record into the SDK.
#[test]
fn a_span_over_another_sdk_that_is_dropped_while_its_thread_unwinds() {
    let exporter = InMemorySpanExporter::default();
    let sdk = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    global::set_tracer_provider(sdk);
    let caught = catch_unwind(|| {
        let _span = Tracer::global_named("test").span("over the SDK").with_parent(&Context::new()).start();
        panic!("on purpose, in a test");
    });
    assert!(caught.is_err());
    let span = exporter.get_finished_spans().unwrap().remove(0);
    assert!(matches!(span.status, Status::Error { .. }), "{:?}", span.status);
    assert!(span.attributes.iter().any(|it| it.key.as_str() == "error.type" && it.value.as_str() == "panic"));
    assert_eq!(span.events.events.len(), 1);
}
