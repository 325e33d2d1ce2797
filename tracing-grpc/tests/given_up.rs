//! The spans of a cancelled call end at the cancellation, on both sides.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{Shop, ending, item};
use tonic::transport::Endpoint;
use tonic::{Code, Request};
use tower_layer::Layer;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::ClientLayer;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_dropped_half_way() {
    let mut shop = Shop::open().await;
    let mut levels = shop.client.watch(item("endless")).await.unwrap().into_inner();
    levels.message().await.unwrap();
    levels.message().await.unwrap();
    drop(levels);
    let (client, server) = shop.pair();
    assert_eq!(ending(&client), (Some("CANCELLED"), Some("CANCELLED"), true));
    assert_eq!(ending(&server), (Some("CANCELLED"), None, false), "the server did not fail");
    assert_eq!(server.text("tracing_suite.outcome"), Some("cancelled"));
    for span in [client, server] {
        assert_eq!(span.text("tracing_suite.outcome"), Some("cancelled"));
        assert_eq!(span.events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["cancelled"]);
        assert!(span.duration() < Duration::from_secs(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_before_its_response() {
    let mut shop = Shop::open().await;
    let call = shop.client.check(item("slow"));
    tokio::time::timeout(Duration::from_millis(200), call).await.unwrap_err();
    let (client, server) = shop.pair();
    assert_eq!(ending(&client), (Some("CANCELLED"), Some("CANCELLED"), true));
    assert_eq!(ending(&server), (Some("CANCELLED"), None, false), "the server did not fail");
    assert_eq!(server.text("tracing_suite.outcome"), Some("cancelled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_is_exceeded() {
    let mut shop = Shop::open().await;
    let mut request = Request::new(item("slow"));
    request.set_timeout(Duration::from_millis(150));
    // tonic reports cancelled, whichever side noticed the deadline.
    assert_eq!(shop.client.check(request).await.unwrap_err().code(), Code::Cancelled);
    let (client, server) = shop.pair();
    for span in [client, server] {
        assert_eq!(
            ending(&span),
            (Some("DEADLINE_EXCEEDED"), Some("DEADLINE_EXCEEDED"), true),
            "{:?}",
            span.kind
        );
        assert!(span.events.is_empty(), "no call is cancelled before the deadline");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_of_the_channel() {
    let shop = Shop::open().await;
    let endpoint = shop.endpoint.clone().timeout(Duration::from_millis(100));
    let layer = ClientLayer::new().with_provider(shop.spans.provider()).with_endpoint(&endpoint);
    let mut client = support::proto::stock_client::StockClient::new(layer.layer(endpoint.connect_lazy()));
    client.check(item("slow")).await.unwrap_err();
    let (client, server) = shop.pair();
    assert_eq!(ending(&client), (Some("DEADLINE_EXCEEDED"), Some("DEADLINE_EXCEEDED"), true));
    assert_eq!(ending(&server), (Some("CANCELLED"), None, false), "the server was not told the timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_endpoint() {
    let spans = TestSpans::new();
    // Bound and closed again, so that no server listens there.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
    let layer = ClientLayer::new().with_provider(spans.provider()).with_endpoint(&endpoint);
    let mut client = support::proto::stock_client::StockClient::new(layer.layer(endpoint.connect_lazy()));
    assert_eq!(client.check(item("A-7")).await.unwrap_err().code(), Code::Unavailable);
    let span = spans.one("shop.v1.Stock/Check");
    assert_eq!(ending(&span), (Some("UNAVAILABLE"), Some("connection_refused"), true));
    assert_eq!(span.int("server.port"), Some(port.into()));
}
