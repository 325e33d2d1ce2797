//! A traced reqwest client accepts and returns reqwest's own types.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use support::{attribute, only, serve};
use tracing_core_lite::testing::TestSpans;
use tracing_http::client::ClientLayer;
use tracing_http::reqwest::TracedClient;

fn client(spans: &TestSpans) -> TracedClient {
    TracedClient::with_layer(reqwest::Client::new(), &ClientLayer::new().with_provider(spans.provider()))
}

#[tokio::test]
async fn a_request_builder_and_a_response_keep_their_methods() {
    let spans = TestSpans::new();
    let app = Router::new().route("/orders", post(|body: String| async move { format!("got {body}") }));
    let url = format!("http://{}/orders", serve(app).await);
    let client = client(&spans);
    let request = client.post(format!("{url}?page=2")).header("x-tenant", "acme").body("seven");
    let response = client.send(request).await.unwrap().error_for_status().unwrap();
    assert_eq!(response.url().as_str(), format!("{url}?page=2"), "the response knows its URL");
    assert!(response.remote_addr().is_some(), "the response knows the peer");
    assert_eq!(spans.finished().len(), 0, "the span lasts until the body has been read");
    assert_eq!(response.text().await.unwrap(), "got seven");
    let span = only(&spans).await;
    assert_eq!(span.name, "POST");
    assert_eq!(attribute(&span, "http.response.status_code").as_deref(), Some("200"));
    assert!(attribute(&span, "network.peer.port").is_some());
}

#[tokio::test]
async fn the_context_is_sent() {
    let spans = TestSpans::new();
    let echo = |headers: http::HeaderMap| async move { headers["traceparent"].to_str().unwrap().to_owned() };
    let url = format!("http://{}/", serve(Router::new().route("/", get(echo))).await);
    let client = client(&spans);
    let request = client.get(&url).build().unwrap();
    let sent = client.execute(request).await.unwrap().text().await.unwrap();
    assert!(sent.contains(&only(&spans).await.span_id.to_string()), "{sent}");
}

/// The timeout of a request is stored in its extensions.
#[tokio::test]
async fn the_timeout_of_a_request_is_kept() {
    let spans = TestSpans::new();
    let slow = || async { tokio::time::sleep(Duration::from_secs(60)).await };
    let url = format!("http://{}/", serve(Router::new().route("/", get(slow))).await);
    let client = client(&spans);
    let error = client.send(client.get(&url).timeout(Duration::from_millis(50))).await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(attribute(&only(&spans).await, "error.type").as_deref(), Some("timeout"));
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_an_error() {
    let spans = TestSpans::new();
    let client = client(&spans);
    assert!(client.send(client.get("not a url")).await.unwrap_err().is_builder());
    assert_eq!(spans.finished().len(), 0);
}
