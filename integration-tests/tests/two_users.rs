//! The layers together with a user's own opentelemetry_sdk, in one process.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tower::ServiceExt;
use tracing::Instrument;
use tracing_core_lite::opentelemetry::trace::{
    Span, SpanId, SpanKind, TraceContextExt, TraceId, Tracer as _,
};
use tracing_core_lite::opentelemetry::{Context, global};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Tracer, TracerProvider};
use tracing_http::server::ServerLayer;
use tracing_subscriber::layer::SubscriberExt;

/// Returns what the user's opentelemetry_sdk has recorded. It is the global provider. Ours is never installed here.
fn theirs() -> &'static InMemorySpanExporter {
    static EXPORTER: OnceLock<InMemorySpanExporter> = OnceLock::new();
    EXPORTER.get_or_init(|| {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        global::set_tracer_provider(provider);
        exporter
    })
}

/// Returns their span with this name in this trace. Other tests record at the same time.
fn their_span(trace_id: TraceId, name: &str) -> SpanData {
    let spans = theirs().get_finished_spans().unwrap();
    let mut of_trace = spans.into_iter().filter(|it| it.span_context.trace_id() == trace_id);
    of_trace.find(|it| it.name == name).unwrap_or_else(|| panic!("no span {name:?}"))
}

/// Starts a trace as a caller does. Returns its `traceparent` and its ids.
fn caller() -> (String, TraceId, SpanId) {
    let mut span = global::tracer("caller").start("caller");
    let (trace_id, span_id) = (span.span_context().trace_id(), span.span_context().span_id());
    span.end();
    (format!("00-{trace_id}-{span_id}-01"), trace_id, span_id)
}

/// Sends `GET /work/7` to a handler that creates spans with the OpenTelemetry API and with `tracing`.
async fn request(layer: ServerLayer, traceparent: &str) {
    async fn work() -> &'static str {
        global::tracer("app").start("api work").end();
        async {
            global::tracer("app").start("inner work").end();
        }
        .instrument(tracing::info_span!("tracing work"))
        .await;
        "done"
    }
    let app: Router = Router::new().route("/work/{id}", get(work)).layer(layer);
    let request = Request::get("/work/7").header("traceparent", traceparent).body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().collect().await.unwrap();
}

/// Sends `tracing` spans to the global provider, as a program with tracing-opentelemetry does.
fn tracing_to_theirs() -> tracing::subscriber::DefaultGuard {
    let layer = tracing_opentelemetry::layer().with_tracer(global::tracer("tracing"));
    tracing::subscriber::set_default(tracing_subscriber::registry().with(layer))
}

#[tokio::test]
async fn the_layer_records_through_their_provider() {
    theirs();
    let _guard = tracing_to_theirs();
    let (traceparent, trace_id, caller) = caller();
    request(ServerLayer::new(), &traceparent).await;

    let server = their_span(trace_id, "GET /work/{id}");
    assert_eq!(server.parent_span_id, caller);
    assert!(server.parent_span_is_remote);
    assert_eq!(server.span_kind, SpanKind::Server);
    assert!(server.attributes.iter().any(|it| it.key.as_str() == "http.response.status_code"));
    assert!(server.end_time >= server.start_time);

    let server_id = server.span_context.span_id();
    assert_eq!(their_span(trace_id, "api work").parent_span_id, server_id);
    let tracing_work = their_span(trace_id, "tracing work");
    assert_eq!(tracing_work.parent_span_id, server_id);
    assert_eq!(their_span(trace_id, "inner work").parent_span_id, tracing_work.span_context.span_id());
}

#[tokio::test]
async fn a_provider_of_ours_keeps_its_spans_and_theirs_nest_in_them() {
    theirs();
    let _guard = tracing_to_theirs();
    let ours = TestSpans::new();
    let (traceparent, trace_id, caller) = caller();
    request(ServerLayer::new().with_provider(ours.provider()), &traceparent).await;

    let server = ours.one("GET /work/{id}");
    assert_eq!((server.trace_id, server.parent_span_id), (trace_id, caller));
    assert_eq!(ours.finished().len(), 1, "our provider does not record their spans");
    assert_eq!(their_span(trace_id, "api work").parent_span_id, server.span_id);
    assert_eq!(their_span(trace_id, "tracing work").parent_span_id, server.span_id);
    let recorded = theirs().get_finished_spans().unwrap();
    assert!(!recorded.iter().any(|it| it.span_context.span_id() == server.span_id));
}

#[tokio::test]
async fn ours_nest_in_theirs() {
    theirs();
    let _guard = tracing_to_theirs();
    let ours = TestSpans::new();
    let (span_id, trace_id) = async {
        ours.tracer().span("ours").start().end();
        Tracer::global_named("library").span("through the back door").start().end();
        let context = Context::current();
        let span = context.span();
        (span.span_context().span_id(), span.span_context().trace_id())
    }
    .instrument(tracing::info_span!("theirs"))
    .await;

    let inner = ours.one("ours");
    assert_eq!((inner.trace_id, inner.parent_span_id), (trace_id, span_id));
    assert_eq!(their_span(trace_id, "through the back door").parent_span_id, span_id);
}

#[tokio::test]
async fn tracing_can_record_into_ours() {
    theirs();
    let ours = TestSpans::new();
    let layer = tracing_opentelemetry::layer().with_tracer(ours.provider().tracer("tracing"));
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let (traceparent, trace_id, _) = caller();
    request(ServerLayer::new().with_provider(ours.provider()), &traceparent).await;

    let (server, work) = (ours.one("GET /work/{id}"), ours.one("tracing work"));
    assert_eq!((work.trace_id, work.parent_span_id), (trace_id, server.span_id));
    // The global tracer is still theirs, and still finds its parent.
    assert_eq!(their_span(trace_id, "inner work").parent_span_id, work.span_id);
}

#[test]
fn ours_is_not_installed_here() {
    assert!(TracerProvider::installed().is_none(), "an installed provider would record instead of theirs");
}
