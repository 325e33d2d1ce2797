//! A plain request through axum has exactly these attributes.
#![allow(clippy::unwrap_used)]

mod support;

use axum::Router;
use axum::routing::get;
use support::{SAMPLED, attribute, attributes, only, send, serve};
use tracing_core_lite::SpanKind;
use tracing_core_lite::span::data::StatusData;
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::ServerLayer;

#[tokio::test]
async fn every_attribute() {
    let spans = TestSpans::new();
    let app = Router::new()
        .route("/orders/{id}", get(|| async { "an order" }))
        .layer(ServerLayer::new().with_provider(spans.provider()));
    let address = serve(app).await;
    let answer = send(
        address,
        &format!(
            "GET /orders/4711?page=2&token=abc HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: test/1.0\r\n\
             Authorization: Bearer secret\r\nCookie: session=secret\r\nX-Tenant: acme\r\ntraceparent: {SAMPLED}"
        ),
    )
    .await;
    assert!(answer.ends_with("an order"), "{answer}");

    let span = only(&spans).await;
    assert_eq!(span.name, "GET /orders/{id}");
    assert_eq!(span.kind, SpanKind::Server);
    assert_eq!(span.status, StatusData::Unset);
    assert_eq!(span.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
    assert_eq!((&span.events[..], &span.links[..]), (&[][..], &[][..]));
    let port = attribute(&span, "network.peer.port").unwrap();
    assert_eq!(
        attributes(&span),
        [
            "client.address = 127.0.0.1",
            "http.request.method = GET",
            "http.response.status_code = 200",
            "http.route = /orders/{id}",
            "network.peer.address = 127.0.0.1",
            &format!("network.peer.port = {port}"),
            "network.protocol.version = 1.1",
            "server.address = shop.example",
            "server.port = 8080",
            "url.path = /orders/4711",
            "url.query = page=2&token=REDACTED",
            "url.scheme = http",
            "user_agent.original = test/1.0",
        ]
    );
}

#[tokio::test]
async fn every_attribute_that_can_be_switched_on() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_body_sizes(true)
        .with_client_port(true)
        .with_scheme("https")
        .with_captured_request_headers([
            http::HeaderName::from_static("x-tenant"),
            http::header::AUTHORIZATION,
        ])
        .with_captured_response_headers([http::header::CONTENT_TYPE, http::header::SET_COOKIE])
        .with_trace_id_header(http::HeaderName::from_static("x-trace-id"))
        .with_trace_response_header(true);
    let app = Router::new()
        .route("/", get(|| async { ([(http::header::SET_COOKIE, "session=secret")], "hello") }))
        .layer(layer);
    let address = serve(app).await;
    let head = "GET / HTTP/1.1\r\nHost: shop.example\r\nX-Tenant: a\r\nX-Tenant: b\r\nAuthorization: x";
    let answer = send(address, head).await;

    let span = only(&spans).await;
    let trace_id = span.trace_id;
    assert!(answer.contains(&format!("x-trace-id: {trace_id}\r\n")), "{answer}");
    assert!(answer.contains(&format!("traceresponse: 00-{trace_id}-{}-0", span.span_id)), "{answer}");
    let port = attribute(&span, "network.peer.port").unwrap();
    assert_eq!(
        attributes(&span),
        [
            "client.address = 127.0.0.1",
            &format!("client.port = {port}"),
            "http.request.header.x-tenant = [a, b]",
            "http.request.method = GET",
            "http.response.body.size = 5",
            "http.response.header.content-type = [text/plain; charset=utf-8]",
            "http.response.status_code = 200",
            "http.route = /",
            "network.peer.address = 127.0.0.1",
            &format!("network.peer.port = {port}"),
            "network.protocol.version = 1.1",
            "server.address = shop.example",
            "server.port = 443",
            "url.path = /",
            "url.scheme = https",
        ]
    );
}
