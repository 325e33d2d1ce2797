//! Failed requests are distinguished by class.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::{attribute, only, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt};
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_http::client::ClientLayer;

fn layer(spans: &TestSpans) -> ClientLayer {
    ClientLayer::new().with_provider(spans.provider())
}

fn request(uri: &str) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).unwrap()
}

async fn through_hyper(uri: &str) -> SpanData {
    let spans = TestSpans::new();
    let client = layer(&spans).layer(Client::builder(TokioExecutor::new()).build_http());
    assert!(client.oneshot(request(uri)).await.is_err());
    only(&spans).await
}

async fn through_reqwest(uri: &str) -> SpanData {
    let spans = TestSpans::new();
    let client = reqwest::Client::builder().timeout(Duration::from_millis(300)).build().unwrap();
    let client = layer(&spans).layer(tracing_http::reqwest::ReqwestService::from(client));
    assert!(client.oneshot(Request::get(uri).body("").unwrap()).await.is_err());
    only(&spans).await
}

fn assert_failed(span: &SpanData, class: &str) {
    assert!(span.is_error());
    assert_eq!(attribute(span, "error.type").as_deref(), Some(class), "{span:?}");
    assert_eq!(attribute(span, "http.response.status_code"), None);
}

#[tokio::test]
async fn connection_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_failed(&through_hyper(&uri).await, "connection_refused");
    assert_failed(&through_reqwest(&uri).await, "connection_refused");
}

#[tokio::test]
async fn no_such_host() {
    // `.invalid` never resolves (RFC 2606).
    assert_failed(&through_hyper("http://nowhere.invalid/").await, "dns_error");
}

/// A server that reads a request and then runs a function.
async fn server(answer: &'static [u8], pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _read = stream.read(&mut request).await;
            let _written = stream.write_all(answer).await;
            tokio::time::sleep(pause).await;
        }
    });
    uri
}

#[tokio::test]
async fn closed_before_the_response() {
    let uri = server(b"", Duration::ZERO).await;
    assert_failed(&through_hyper(&uri).await, "connection_closed");
    assert_failed(&through_reqwest(&uri).await, "connection_closed");
}

#[tokio::test]
async fn not_http() {
    let uri = server(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Duration::ZERO).await;
    assert_failed(&through_hyper(&uri).await, "invalid_message");
}

#[tokio::test]
async fn timeout() {
    let uri = server(b"", Duration::from_secs(60)).await;
    assert_failed(&through_reqwest(&uri).await, "timeout");
}

/// tower's timeout above the layer drops its future.
#[tokio::test]
async fn given_up() {
    let uri = server(b"", Duration::from_secs(60)).await;
    let spans = TestSpans::new();
    let client = ServiceBuilder::new()
        .timeout(Duration::from_millis(50))
        .layer(layer(&spans))
        .service(Client::builder(TokioExecutor::new()).build_http());
    assert!(client.oneshot(request(&uri)).await.is_err());
    let span = only(&spans).await;
    assert_failed(&span, "cancelled");
    assert_eq!(span.events[0].name, "cancelled");
}

/// tower's timeout below the layer returns a boxed error.
#[tokio::test]
async fn boxed() {
    for (pause, text, class) in [(60_000, "", "timeout"), (0, "order 4711 is gone", "_OTHER")] {
        let spans = TestSpans::new();
        let inner = tower::service_fn(move |_: Request<String>| async move {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Err::<Response<String>, _>(BoxError::from(text))
        });
        let client = ServiceBuilder::new()
            .layer(layer(&spans).with_boxed_errors())
            .timeout(Duration::from_millis(50))
            .service(inner);
        assert!(client.oneshot(Request::new(String::new())).await.is_err());
        assert_failed(&only(&spans).await, class);
    }
}

#[tokio::test]
async fn broken_body() {
    let uri = server(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Duration::ZERO).await;
    let spans = TestSpans::new();
    let client = layer(&spans).layer(Client::builder(TokioExecutor::new()).build_http());
    let response = client.oneshot(request(&uri)).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    let span = only(&spans).await;
    assert!(span.is_error());
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("connection_closed"));
    assert_eq!(attribute(&span, "http.response.status_code").as_deref(), Some("200"));
}

/// Many callers only read the status, which is not a failure.
#[tokio::test]
async fn unread_body() {
    let address = serve(Router::new().route("/", get(|| async { Body::from("x".repeat(1 << 20)) }))).await;
    let spans = TestSpans::new();
    let client = layer(&spans).layer(Client::builder(TokioExecutor::new()).build_http());
    drop(client.oneshot(request(&format!("http://{address}/"))).await.unwrap());
    let span = only(&spans).await;
    assert_eq!(span.status, StatusData::Unset);
    assert_eq!(attribute(&span, "error.type"), None);
    assert_eq!(span.events[0].name, "cancelled");
}

/// A retry discards the body of a refusal. The attempt has failed, but was not cancelled.
#[tokio::test]
async fn unread_body_of_a_refusal() {
    let refuse = || async { (http::StatusCode::SERVICE_UNAVAILABLE, Body::from("x".repeat(1 << 20))) };
    let address = serve(Router::new().route("/", get(refuse))).await;
    let spans = TestSpans::new();
    let client = layer(&spans).layer(Client::builder(TokioExecutor::new()).build_http());
    drop(client.oneshot(request(&format!("http://{address}/"))).await.unwrap());
    let span = only(&spans).await;
    assert!(span.is_error());
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("503"));
    assert!(span.events.is_empty(), "{:?}", span.events);
}

#[tokio::test]
async fn streamed_body() {
    let uri = server(b"HTTP/1.1 200 OK\r\n\r\nhello", Duration::from_millis(150)).await;
    let spans = TestSpans::new();
    let client = layer(&spans).layer(Client::builder(TokioExecutor::new()).build_http());
    client.oneshot(request(&uri)).await.unwrap().into_body().collect().await.unwrap();
    let span = only(&spans).await;
    assert!(span.duration() >= Duration::from_millis(140), "{:?}", span.duration());
    assert_eq!((&span.status, span.events.len()), (&StatusData::Unset, 0));
}
