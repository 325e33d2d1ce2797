//! Filters exclude requests without breaking their traces, and hooks add attributes.
#![allow(clippy::unwrap_used)]

mod support;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt;
use support::{SAMPLED, attribute, only};
use tower::ServiceExt;
use tracing_core_lite::Recorder;
use tracing_core_lite::span::current_span;
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::ServerLayer;
use tracing_http::{RequestHead, ResponseHead};

fn app(spans: &TestSpans) -> Router {
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_filter(|request: &RequestHead<'_>| request.uri().path() != "/health")
        .with_on_request(|request: &RequestHead<'_>, span: &mut Recorder<'_>| {
            span.set_some(
                "shop.tenant",
                request.headers().get("x-tenant").and_then(|value| value.to_str().ok()),
            );
        })
        .with_on_response(|response: &ResponseHead<'_>, span: &mut Recorder<'_>| {
            span.set("shop.answer", response.headers().len());
        });
    let tracer = spans.tracer();
    let health = move || {
        let tracer = tracer.clone();
        async move { tracer.span("ping").start().end() }
    };
    let order = || async {
        current_span().set("shop.order", 4711);
        "an order"
    };
    Router::new().route("/health", get(health)).route("/orders", get(order)).layer(layer)
}

async fn call(app: Router, request: http::request::Builder) {
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
}

#[tokio::test]
async fn excluded_requests_stay_in_the_trace_of_a_sampled_caller() {
    let spans = TestSpans::new();
    call(app(&spans), Request::get("/health").header("traceparent", SAMPLED)).await;
    let ping = only(&spans).await;
    assert_eq!(ping.name, "ping");
    assert_eq!(ping.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(ping.parent_span_id.to_string(), "00f067aa0ba902b7");
}

#[tokio::test]
async fn excluded_requests_without_a_caller_start_no_trace() {
    let spans = TestSpans::new();
    call(app(&spans), Request::get("/health")).await;
    assert_eq!(spans.finished().len(), 0, "the filter excludes what is below the request, too");
}

#[tokio::test]
async fn hooks_and_handlers_add_attributes() {
    let spans = TestSpans::new();
    call(app(&spans), Request::get("/orders").header("x-tenant", "acme")).await;
    let span = only(&spans).await;
    assert_eq!(attribute(&span, "shop.tenant").as_deref(), Some("acme"));
    assert_eq!(attribute(&span, "shop.order").as_deref(), Some("4711"));
    assert!(attribute(&span, "shop.answer").is_some());
}
