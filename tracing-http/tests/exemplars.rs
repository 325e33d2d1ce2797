//! The exemplar hook is given each measurement of the layers, with the span behind it.
#![cfg(all(feature = "axum", feature = "client", feature = "metrics"))]
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use axum::{Router, routing::get};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tracing_core_lite::SpanContext;
use tracing_core_lite::exemplars::{remove_exemplar_hook, set_exemplar_hook};
use tracing_core_lite::testing::TestSpans;
use tracing_http::axum::ServerLayer;
use tracing_http::client::ClientLayer;

type Measured = Arc<Mutex<Vec<(&'static str, f64, Vec<String>, SpanContext)>>>;

/// One test, because the hook is one per process.
#[tokio::test]
async fn each_measurement_comes_with_its_span() {
    let measured = Measured::default();
    let seen = Arc::clone(&measured);
    set_exemplar_hook(move |exemplar| {
        assert_eq!(exemplar.unit, "s");
        let keys = exemplar.attributes.iter().map(|it| it.key.to_string()).collect();
        let measurement = (exemplar.instrument, exemplar.value, keys, exemplar.span_context.clone());
        seen.lock().unwrap().push(measurement);
    });

    let spans = TestSpans::new();
    let server = ServerLayer::new().with_provider(spans.provider()).with_metrics();
    let app = Router::new().route("/orders/{id}", get(|| async { "order" })).layer(server);
    let client = ClientLayer::new().with_provider(spans.provider()).with_metrics();
    let client = ServiceBuilder::new().layer(client).service(app);
    let response = client.oneshot(Request::get("http://shop.example/orders/7").body(Body::empty()).unwrap());
    to_bytes(Body::new(response.await.unwrap().into_body()), 1_000).await.unwrap();

    let of = |instrument: &str| {
        let measured = measured.lock().unwrap();
        let found: Vec<_> = measured.iter().filter(|(name, ..)| *name == instrument).cloned().collect();
        let [(_, seconds, keys, span_context)] = &found[..] else { panic!("{instrument}: {measured:?}") };
        assert!((0.0..60.0).contains(seconds), "{seconds}");
        assert!(keys.iter().any(|key| key == "http.request.method"), "{keys:?}");
        span_context.clone()
    };
    for (instrument, span) in
        [("http.server.request.duration", "GET /orders/{id}"), ("http.client.request.duration", "GET")]
    {
        let (span_context, span) = (of(instrument), spans.one(span));
        assert_eq!(
            (span_context.trace_id(), span_context.span_id()),
            (span.trace_id, span.span_id),
            "{instrument}"
        );
        assert!(span_context.is_sampled());
    }

    // A hook that panics breaks neither the call nor the measurement.
    set_exemplar_hook(|_| panic!("a fault in the hook"));
    let measure = || {
        let client = ClientLayer::new().with_provider(spans.provider()).with_metrics();
        let answer =
            service_fn(|_: Request<Body>| async { Ok::<_, std::io::Error>(Response::new(Body::empty())) });
        let client = ServiceBuilder::new().layer(client).service(answer);
        client.oneshot(Request::get("http://shop.example/").body(Body::empty()).unwrap())
    };
    assert!(measure().await.is_ok());
    remove_exemplar_hook();
    assert!(measure().await.is_ok());
    assert_eq!(measured.lock().unwrap().len(), 2, "the hook was replaced and removed");
}
