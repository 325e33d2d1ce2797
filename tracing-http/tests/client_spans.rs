//! The content of a client's span, and the headers that it sends.
#![allow(clippy::unwrap_used)]

mod support;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::{attribute, attributes, serve, wait_for};
use tower::{Layer, ServiceExt};
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, SpanKind};
use tracing_http::client::{ClientLayer, ResendCount, UrlTemplate};
use tracing_http::reqwest::ReqwestService;
use tracing_http::server::ServerLayer;

async fn echo(headers: HeaderMap) -> String {
    headers.get("traceparent").map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

fn app() -> Router {
    Router::new().route("/charges/{id}", get(echo)).route(
        "/status/{code}",
        get(|axum::extract::Path(code): axum::extract::Path<u16>| async move {
            StatusCode::from_u16(code).unwrap()
        }),
    )
}

fn request(uri: &str) -> Request<Empty<Bytes>> {
    // A stale context must not reach the server.
    Request::get(uri)
        .header("traceparent", support::SAMPLED)
        .header("tracestate", "stale=1")
        .header("authorization", "Bearer s3cret")
        .body(Empty::new())
        .unwrap()
}

#[tokio::test]
async fn every_attribute_through_hyper_util() {
    let spans = TestSpans::new();
    let address = serve(app()).await;
    let client = ClientLayer::new()
        .with_provider(spans.provider())
        .with_peer_service("127.0.0.1", "payments")
        .layer(Client::builder(TokioExecutor::new()).build_http());
    let mut request = request(&format!("http://{address}/charges/1?page=2&sig=s3cret"));
    request.extensions_mut().insert(UrlTemplate::from("/charges/{id}"));

    let parent = spans.tracer().span("order").with_parent(&Context::new()).start();
    let future = {
        let _guard = parent.in_context(&Context::new()).attach();
        client.oneshot(request)
    };
    let context = parent.in_context(&Context::new());
    let response = tracing_core_lite::context::FutureExt::in_context(future, context).await.unwrap();
    let sent = response.into_body().collect().await.unwrap().to_bytes();
    let parent_id = parent.span_context().span_id();
    parent.end();

    let all = wait_for(&spans, 2).await;
    let span = all.iter().find(|span| span.kind == SpanKind::Client).unwrap();
    assert_eq!(span.parent_span_id, parent_id);
    assert_eq!(sent, format!("00-{}-{}-01", span.trace_id, span.span_id));
    assert_eq!(span.name, "GET /charges/{id}");
    assert_eq!(span.status, StatusData::Unset);
    assert_eq!(
        attributes(span),
        [
            "http.request.method = GET",
            "http.response.status_code = 200",
            "network.peer.address = 127.0.0.1",
            &format!("network.peer.port = {}", address.port()),
            "network.protocol.version = 1.1",
            "server.address = 127.0.0.1",
            &format!("server.port = {}", address.port()),
            "service.peer.name = payments",
            &format!("url.full = http://{address}/charges/1?page=2&sig=REDACTED"),
            "url.template = /charges/{id}",
        ]
    );
}

#[tokio::test]
async fn the_deprecated_name_of_the_peer_is_recorded_if_enabled() {
    for (asked, expected) in [(false, None), (true, Some("payments"))] {
        let spans = TestSpans::new();
        let address = serve(app()).await;
        let client = ClientLayer::new()
            .with_provider(spans.provider())
            .with_peer_service("127.0.0.1", "payments")
            .with_deprecated_peer_service(asked)
            .layer(ReqwestService::from(reqwest::Client::new()));
        let request = Request::get(format!("http://{address}/charges/1")).body("").unwrap();
        client.oneshot(request).await.unwrap().into_body().collect().await.unwrap();
        let span = &wait_for(&spans, 1).await[0];
        assert_eq!(span.text("service.peer.name"), Some("payments"));
        assert_eq!(span.text("peer.service"), expected);
    }
}

#[tokio::test]
async fn every_attribute_through_reqwest() {
    let spans = TestSpans::new();
    let address = serve(app()).await;
    let client = ClientLayer::new()
        .with_provider(spans.provider())
        .layer(ReqwestService::from(reqwest::Client::new()));
    let request = Request::get(format!("http://ann:s3cret@{address}/charges/1")).body("").unwrap();
    let response = client.oneshot(request).await.unwrap();
    let sent = response.into_body().collect().await.unwrap().to_bytes();

    let span = support::only(&spans).await;
    assert_eq!(sent, format!("00-{}-{}-01", span.trace_id, span.span_id));
    assert_eq!(span.name, "GET");
    assert_eq!(
        attributes(&span),
        [
            "http.request.method = GET",
            "http.response.status_code = 200",
            "network.peer.address = 127.0.0.1",
            &format!("network.peer.port = {}", address.port()),
            "network.protocol.version = 1.1",
            "server.address = 127.0.0.1",
            &format!("server.port = {}", address.port()),
            &format!("url.full = http://REDACTED:REDACTED@{address}/charges/1"),
        ]
    );
}

async fn span_of_status(status: u16) -> SpanData {
    let spans = TestSpans::new();
    let address = serve(app()).await;
    let client = ClientLayer::new()
        .with_provider(spans.provider())
        .layer(Client::builder(TokioExecutor::new()).build_http());
    client.oneshot(request(&format!("http://{address}/status/{status}"))).await.unwrap();
    support::only(&spans).await
}

#[tokio::test]
async fn statuses() {
    for (status, failed) in [(200, false), (304, false), (404, true), (500, true), (503, true)] {
        let span = span_of_status(status).await;
        assert_eq!(span.is_error(), failed, "{status}");
        assert_eq!(attribute(&span, "error.type"), failed.then(|| status.to_string()));
        assert_eq!(attribute(&span, "http.response.status_code"), Some(status.to_string()));
    }
}

/// Returns the span of a request to a service that answers by itself.
async fn span_of(request: Request<String>) -> SpanData {
    let spans = TestSpans::new();
    let inner = tower::service_fn(|_: Request<String>| async {
        Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    });
    ClientLayer::new().with_provider(spans.provider()).layer(inner).oneshot(request).await.unwrap();
    support::only(&spans).await
}

#[tokio::test]
async fn addresses() {
    for (uri, host, url, address, port) in [
        ("https://shop.example/a", None, "https://shop.example/a", Some("shop.example"), Some("443")),
        ("http://shop.example", None, "http://shop.example/", Some("shop.example"), Some("80")),
        ("http://[::1]:81/", None, "http://[::1]:81/", Some("::1"), Some("81")),
        ("/a?b=c", Some("shop.example:82"), "http://shop.example:82/a?b=c", Some("shop.example"), Some("82")),
        ("/a", None, "/a", None, None),
    ] {
        let mut request = Request::builder().uri(uri);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let span = span_of(request.body(String::new()).unwrap()).await;
        assert_eq!(attribute(&span, "url.full").as_deref(), Some(url));
        assert_eq!(attribute(&span, "server.address").as_deref(), address);
        assert_eq!(attribute(&span, "server.port").as_deref(), port);
    }
}

#[tokio::test]
async fn resend_count_by_hand() {
    for (count, expected) in [(0, None), (2, Some("2"))] {
        let mut request = Request::new(String::new());
        request.extensions_mut().insert(ResendCount(count));
        assert_eq!(attribute(&span_of(request).await, "http.request.resend_count").as_deref(), expected);
    }
}

/// Client and server spans of one hop are parent and child.
#[tokio::test]
async fn one_hop() {
    let spans = TestSpans::new();
    let server = app().layer(ServerLayer::new().with_provider(spans.provider()));
    let client = ClientLayer::new().with_provider(spans.provider()).layer(server);
    let response =
        client.oneshot(Request::get("http://x/charges/1").body(Body::empty()).unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
    spans.assert_tree("GET\n  GET /charges/{id}");
}
