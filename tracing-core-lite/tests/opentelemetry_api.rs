//! Interoperation with OpenTelemetry: this engine records spans of its API, and its exporters receive spans of this
//! engine.
#![cfg(all(feature = "testing", feature = "sdk-exporter"))]
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use opentelemetry_sdk::trace::InMemorySpanExporter;
use tracing_core_lite::opentelemetry::trace::{
    Link, Span as _, SpanId, Status, TraceContextExt, Tracer as _,
};
use tracing_core_lite::opentelemetry::{Array, KeyValue, Value as OtelValue};
use tracing_core_lite::otel::SdkExporter;
use tracing_core_lite::span::data::{AnyValue, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, SpanContext, SpanKind, TracerProvider};
use tracing_subscriber::prelude::*;

fn text(text: &str) -> AnyValue {
    AnyValue::String(text.to_owned())
}

#[test]
fn spans_of_the_api_are_recorded_whole() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let linked = tracer.span("linked").with_parent(&Context::new()).start();
    let mut span = tracer
        .span_builder("charge")
        .with_kind(SpanKind::Client)
        .with_attributes([
            KeyValue::new("a", 1),
            KeyValue::new("strings", OtelValue::Array(Array::String(vec!["x".into(), "y".into()]))),
        ])
        .with_links(vec![Link::new(linked.span_context().clone(), vec![KeyValue::new("why", "because")], 0)])
        .start_with_context(&tracer, &Context::new());
    assert!(span.is_recording());
    span.set_attribute(KeyValue::new("b", 2.5));
    span.set_attributes([KeyValue::new("a", 3), KeyValue::new("c", true)]);
    opentelemetry::trace::Span::add_event(&mut span, "retried", vec![KeyValue::new("attempt", 2)]);
    span.update_name("charge card");
    span.set_status(Status::error("declined"));
    opentelemetry::trace::Span::end(&mut span);
    assert!(!span.is_recording());
    span.set_attribute(KeyValue::new("late", true));
    drop(span);

    let span = spans.one("charge card");
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(
        span.attributes,
        [
            ("strings".to_owned(), AnyValue::Array(vec![text("x"), text("y")])),
            ("b".to_owned(), AnyValue::Double(2.5)),
            ("a".to_owned(), AnyValue::Int(3)),
            ("c".to_owned(), AnyValue::Bool(true)),
        ]
    );
    assert_eq!(span.events[0].name, "retried");
    assert_eq!(span.links[0].attributes, [("why".to_owned(), text("because"))]);
    assert_eq!(span.status, StatusData::Error("declined".to_owned()));
}

#[test]
fn spans_of_both_apis_nest_in_each_other() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let outer = tracer.span("ours").with_parent(&Context::new()).start();
    {
        let _guard = outer.in_context(&Context::new()).attach();
        tracer.in_span("theirs", |context| {
            context.span().set_attribute(KeyValue::new("seen", true));
            tracer.span("ours again").start();
        });
    }
    outer.end();
    spans.assert_tree(
        "
        ours
          theirs
            ours again
        ",
    );
    assert_eq!(spans.one("theirs").attribute("seen"), Some(&AnyValue::Bool(true)));
}

#[test]
fn spans_of_the_tracing_crate_nest_with_ours() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let subscriber = tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(spans.provider().tracer("app")));
    tracing::subscriber::with_default(subscriber, || {
        let outer = tracer.span("ours").with_parent(&Context::new()).start();
        let _guard = outer.in_context(&Context::new()).attach();
        tracing::info_span!("theirs", order = 7).in_scope(|| {
            tracer.span("ours again").start();
            tracing::info_span!("theirs again").in_scope(|| tracing::warn!(attempt = 2, "retrying"));
        });
        drop(outer);
    });
    spans.assert_tree(
        "
        ours
          theirs
            ours again
            theirs again
        ",
    );
    assert_eq!(spans.one("theirs").attribute("order"), Some(&AnyValue::Int(7)));
    assert_eq!(spans.one("theirs again").events[0].name, "retrying");
}

#[test]
fn a_layer_with_the_context_of_a_remote_parent_keeps_the_trace() {
    let spans = TestSpans::new();
    let remote = spans.tracer().span("remote").with_parent(&Context::new()).start();
    let header = remote.span_context().clone();
    let remote_context = SpanContext::new(
        header.trace_id(),
        header.span_id(),
        header.trace_flags(),
        true,
        header.trace_state().clone(),
    );
    let span = spans.tracer().span("local").with_remote_parent(&remote_context).start();
    assert_eq!(span.span_context().trace_id(), header.trace_id());
    drop((span, remote));
    assert_eq!(spans.one("local").flags & 0x300, 0x300, "the parent is known to be remote");
}

#[test]
fn failures_and_handled_errors_differ() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let error = std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer from the card processor");
    let failed = tracer.span("failed").with_parent(&Context::new()).start();
    failed.record_error(&error);
    failed.end();
    let handled = tracer.span("handled").with_parent(&Context::new()).start();
    handled.record_handled_error(&error);
    handled.end();

    let failed = spans.one("failed");
    assert_eq!(failed.status, StatusData::Error("no answer from the card processor".to_owned()));
    assert_eq!(failed.text("error.type"), Some("std::io::error::Error"));
    assert_eq!(failed.events[0].name, "exception");
    let handled = spans.one("handled");
    assert_eq!(handled.status, StatusData::Unset);
    assert_eq!(handled.attribute("error_handled"), Some(&AnyValue::Bool(true)));
    assert_eq!(handled.attribute("error.type"), None);
    assert!(handled.events[0].attributes.contains(&("error_handled".to_owned(), AnyValue::Bool(true))));
}

#[test]
fn an_exporter_of_the_sdk_gets_the_same_spans() {
    let sdk = InMemorySpanExporter::default();
    let provider = TracerProvider::builder().with_exporter(SdkExporter::new(sdk.clone())).build().unwrap();
    let tracer = provider.tracer("shop");
    let other = tracer.span("other").with_parent(&Context::new()).start();
    let span =
        tracer.span("order").with_kind(SpanKind::Server).with_parent(&Context::new()).start_with(|span| {
            span.set("text", "x").set("numbers", &[1, 2]).add_event("begun", &[("at", "dawn".into())]);
        });
    span.add_follows_from(other.span_context());
    span.record_error(&std::fmt::Error);
    let ids = span.span_context().clone();
    let end = SystemTime::now() + Duration::from_secs(1);
    span.end_at(end);
    provider.flush(Duration::from_secs(10)).unwrap();

    let finished = sdk.get_finished_spans().unwrap();
    let [span] = &finished[..] else { panic!("one span: {finished:?}") };
    assert_eq!(span.name, "order");
    assert_eq!((span.span_context.trace_id(), span.span_context.span_id()), (ids.trace_id(), ids.span_id()));
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert_eq!(span.span_kind, SpanKind::Server);
    assert_eq!(span.end_time, end);
    assert!(span.attributes.contains(&KeyValue::new("numbers", OtelValue::Array(Array::I64(vec![1, 2])))));
    assert_eq!(span.events.iter().map(|event| &*event.name).collect::<Vec<_>>(), ["begun", "exception"]);
    assert_eq!(span.links.links[0].span_context.span_id(), other.span_context().span_id());
    assert!(matches!(span.status, Status::Error { .. }));
    assert_eq!(span.instrumentation_scope.name(), "shop");
}
