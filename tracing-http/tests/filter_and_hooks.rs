//! Filters leave requests out without breaking their traces, and hooks add attributes.
#![allow(clippy::unwrap_used)]

mod loopback;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt;
use loopback::{SAMPLED, attribute, only};
use tower::ServiceExt;
use tracing_core_lite::span::current_span;
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::ServerLayer;

fn app(spans: &TestSpans) -> Router {
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .filter(|request| request.uri().path() != "/health")
        .on_request(|request, span| {
            span.set_some(
                "shop.tenant",
                request.headers().get("x-tenant").and_then(|value| value.to_str().ok()),
            );
        })
        .on_response(|response, span| {
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
async fn what_is_left_out_stays_in_the_callers_trace() {
    let spans = TestSpans::new();
    call(app(&spans), Request::get("/health").header("traceparent", SAMPLED)).await;
    let ping = only(&spans).await;
    assert_eq!(ping.name, "ping");
    assert_eq!(ping.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(ping.parent_span_id.to_string(), "00f067aa0ba902b7");
}

#[tokio::test]
async fn what_is_left_out_without_a_caller() {
    let spans = TestSpans::new();
    call(app(&spans), Request::get("/health")).await;
    assert!(only(&spans).await.is_root());
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
