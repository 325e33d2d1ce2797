//! A request whose caller did not sample records nothing, runs no hook, and propagates its context.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response};
use http_body_util::BodyExt;
use support::UNSAMPLED;
use tower::{Layer, ServiceExt};
use tracing_core_lite::Recorder;
use tracing_core_lite::testing::TestSpans;
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;
use tracing_http::{RequestHead, ResponseHead};

#[tokio::test]
async fn propagates_and_records_nothing() {
    let spans = TestSpans::new();
    let sent = Arc::new(std::sync::Mutex::new(http::HeaderMap::new()));
    let seen = Arc::clone(&sent);
    let remote = tower::service_fn(move |request: Request<String>| {
        *seen.lock().unwrap() = request.headers().clone();
        async { Ok::<_, std::convert::Infallible>(Response::new(String::new())) }
    });
    let client = ClientLayer::new().with_provider(spans.provider()).layer(remote);
    let handler = move || {
        let client = client.clone();
        async move {
            client.oneshot(Request::get("http://remote/").body(String::new()).unwrap()).await.unwrap();
        }
    };
    let hooks = Arc::new(AtomicU32::new(0));
    let (on_request, on_response) = (Arc::clone(&hooks), Arc::clone(&hooks));
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_on_request(move |_: &RequestHead<'_>, _: &mut Recorder<'_>| {
            on_request.fetch_add(1, Ordering::Relaxed);
        })
        .with_on_response(move |_: &ResponseHead<'_>, _: &mut Recorder<'_>| {
            on_response.fetch_add(1, Ordering::Relaxed);
        });
    let app = Router::new().route("/", get(handler)).layer(layer);
    let request = Request::get("/")
        .header("traceparent", UNSAMPLED)
        .header("tracestate", "vendor=1")
        .header("baggage", "tenant=acme")
        .body(Body::empty())
        .unwrap();
    app.oneshot(request).await.unwrap().into_body().collect().await.unwrap();

    assert_eq!(spans.finished().len(), 0);
    assert_eq!(hooks.load(Ordering::Relaxed), 0);
    let sent = sent.lock().unwrap();
    let header = |name: &str| sent.get(name).map(|value| value.to_str().unwrap().to_owned());
    let traceparent = header("traceparent").unwrap();
    assert!(traceparent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{traceparent}");
    assert!(traceparent.ends_with("-00"), "{traceparent}");
    assert!(!traceparent.contains("00f067aa0ba902b7"), "the caller's span is not the parent of the next hop");
    assert_eq!(header("tracestate").as_deref(), Some("vendor=1"));
    assert_eq!(header("baggage").as_deref(), Some("tenant=acme"));
}
