//! A call belongs to the innermost of the context that its connection has stored and the current one.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_core_lite::context::StoredContext;
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceContextExt, Tracer as _, TracerProvider as _};
use tracing_core_lite::sampling::AlwaysOff;
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Span, Tracer};

/// A transaction in a request: the request's span, the transaction's span, and the stored context.
fn transaction(tracer: &Tracer) -> (Span, Span, StoredContext) {
    let request = tracer.span("request").with_parent(&Context::new()).start();
    let context = request.in_context(&Context::new());
    let transaction = tracer.span("transaction").with_parent(&context).start();
    let stored = StoredContext::new(transaction.in_context(&context), &context);
    (request, transaction, stored)
}

fn parent_in(current: Context, stored: &StoredContext) -> SpanId {
    let _guard = current.attach();
    stored.innermost().span().span_context().span_id()
}

fn id(span: &Span) -> SpanId {
    span.span_context().span_id()
}

#[test]
fn the_current_span_counts_if_it_started_after_the_stored_one() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let before = tracer.span("before").with_parent(&Context::new()).start();
    let (request, transaction, stored) = transaction(&tracer);
    let step = tracer.span("step").with_parent(&request.in_context(&Context::new())).start();
    let elsewhere = tracer.span("elsewhere").with_parent(&Context::new()).start();
    for (name, current, expected) in [
        ("no span", None, &transaction),
        ("the span around it", Some(&request), &transaction),
        ("the stored span", Some(&transaction), &transaction),
        ("an older span of another trace", Some(&before), &transaction),
        ("a step", Some(&step), &step),
        ("a younger span of another trace", Some(&elsewhere), &elsewhere),
    ] {
        let current = current.map_or_else(Context::new, |span| span.in_context(&Context::new()));
        assert_eq!(parent_in(current, &stored), id(expected), "{name}");
    }
    let ended = step.in_context(&Context::new());
    let expected = id(&step);
    step.end();
    assert_eq!(parent_in(ended, &stored), expected, "a step that has ended");
}

#[test]
fn a_span_of_another_sdk_counts_unless_it_was_current_when_the_context_was_stored() {
    let sdk = SdkTracerProvider::builder().with_simple_exporter(InMemorySpanExporter::default()).build();
    let sdk_tracer = sdk.tracer("sdk");
    let span = |name: &'static str| Context::new().with_span(sdk_tracer.start(name));
    let id_of = |context: &Context| context.span().span_context().span_id();
    let spans = TestSpans::new();

    let origin = span("request");
    let transaction = spans.tracer().span("transaction").with_parent(&origin).start();
    let stored = StoredContext::new(transaction.in_context(&origin), &origin);
    let step = span("step");
    assert_eq!(parent_in(origin.clone(), &stored), id(&transaction));
    assert_eq!(parent_in(step.clone(), &stored), id_of(&step));

    // Also if all spans are from the other SDK.
    let transaction = origin.with_span(sdk_tracer.start_with_context("transaction", &origin));
    let stored = StoredContext::new(transaction.clone(), &origin);
    assert_eq!(parent_in(origin.clone(), &stored), id_of(&transaction));
    assert_eq!(parent_in(step.clone(), &stored), id_of(&step));
    assert_eq!(parent_in(Context::new(), &stored), id_of(&transaction));
}

#[test]
fn unrecorded_spans_nest_too() {
    let spans = TestSpans::with(|builder| builder.with_sampler(AlwaysOff)).unwrap();
    let tracer = spans.tracer();
    let (request, transaction, stored) = transaction(&tracer);
    let step = tracer.span("step").with_parent(&request.in_context(&Context::new())).start();
    let context = |span: &Span| span.in_context(&Context::new());
    assert_eq!(parent_in(context(&request), &stored), id(&transaction));
    assert_eq!(parent_in(context(&step), &stored), id(&step));
}

#[test]
fn a_context_that_suppresses_telemetry_counts() {
    let spans = TestSpans::new();
    let (_request, _transaction, stored) = transaction(&spans.tracer());
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    assert!(!spans.tracer().span("query").with_parent(&stored.innermost()).start().is_recording());
}

#[test]
fn reading_the_start_of_a_span_does_not_change_it() {
    let spans = TestSpans::new();
    let (_request, transaction, stored) = transaction(&spans.tracer());
    transaction.set_status(tracing_core_lite::Status::error("failed"));
    let _guard = transaction.in_context(&Context::new()).attach();
    let again = StoredContext::new(Context::current(), &Context::new());
    let _ = (stored.innermost(), again.innermost());
    transaction.end();
    assert!(spans.one("transaction").is_error());
}
