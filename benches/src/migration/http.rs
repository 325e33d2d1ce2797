//! `GET /orders/7?token=s3cret` from a traced caller, whose handler does some work in a span of its own.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use fastrace::collector::Config;
use fastrace::prelude::LocalSpan;
use fastrace_opentelemetry::OpenTelemetryReporter;
use http::Request;
use http_body_util::BodyExt;
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry_sdk::Resource;
use tower::ServiceExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Collected;
use crate::measure::traceparent;

fn router(load_order: fn()) -> Router {
    let handler = move || async move {
        load_order();
        "ok"
    };
    Router::new().route("/orders/{id}", get(handler))
}

/// Makes the request, and reads the response to its end.
fn request(router: Router) {
    let request = Request::get("/orders/7?token=s3cret")
        .header("host", "shop.example:8080")
        .header("user-agent", "bench/1.0")
        .header("traceparent", traceparent(true))
        .body(Body::empty())
        .expect("a valid request");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let response = router.oneshot(request).await.expect("a response");
        response.into_body().collect().await.expect("a body");
    });
}

fn in_tracing() {
    tracing::info_span!("load order", order.id = 7).in_scope(|| tracing::info!(order.lines = 3, "loaded"));
}

/// As the documentation of these libraries sets tracing-opentelemetry up.
fn with_tracing_opentelemetry(collected: &Collected) {
    let layer = tracing_opentelemetry::layer().with_tracer(collected.sdk().tracer("shop"));
    tracing_subscriber::registry().with(layer).init();
}

pub fn otel_axum(collected: &Collected) {
    with_tracing_opentelemetry(collected);
    request(router(in_tracing).layer(OtelAxumLayer::default()));
}

pub fn tower_http(collected: &Collected) {
    with_tracing_opentelemetry(collected);
    // The default level of its spans is DEBUG.
    request(router(in_tracing).layer(tower_http::trace::TraceLayer::new_for_http()));
}

pub fn ours_with_tracing(collected: &Collected) {
    let provider = collected.ours();
    let layer = tracing_core_lite::subscriber::layer().with_tracer(provider.tracer("shop"));
    tracing_subscriber::registry().with(layer).init();
    request(router(in_tracing).layer(tracing_http::axum::ServerLayer::new().with_provider(&provider)));
    provider.flush(Duration::from_secs(10)).expect("the spans arrive");
}

pub fn otel_tower(collected: &Collected) {
    let provider = collected.sdk();
    request(router(in_opentelemetry).layer(opentelemetry_instrumentation_tower::http::server::Layer::new()));
    provider.force_flush().expect("the spans arrive");
}

pub fn ours_over_sdk(collected: &Collected) {
    let provider = collected.sdk();
    request(router(in_opentelemetry).layer(tracing_http::axum::ServerLayer::new()));
    provider.force_flush().expect("the spans arrive");
}

fn in_opentelemetry() {
    let tracer = opentelemetry::global::tracer("shop");
    tracer.in_span("load order", |context| {
        use opentelemetry::trace::TraceContextExt as _;
        context.span().set_attribute(opentelemetry::KeyValue::new("order.id", 7));
    });
}

pub fn fastrace(collected: &Collected) {
    let scope = InstrumentationScope::builder("shop").build();
    let resource = std::borrow::Cow::Owned(Resource::builder().build());
    ::fastrace::set_reporter(
        OpenTelemetryReporter::new(collected.clone(), resource, scope),
        Config::default(),
    );
    request(router(in_fastrace).layer(fastrace_axum::FastraceLayer::default()));
    ::fastrace::flush();
}

fn in_fastrace() {
    let _span = LocalSpan::enter_with_local_parent("load order").with_property(|| ("order.id", "7"));
}

pub fn ours(collected: &Collected) {
    let provider = collected.ours();
    provider.install();
    request(router(in_ours).layer(tracing_http::axum::ServerLayer::new()));
    provider.flush(Duration::from_secs(10)).expect("the spans arrive");
}

fn in_ours() {
    let span = tracing_core_lite::Tracer::global_named("shop").span("load order").start();
    span.set("order.id", 7);
}
