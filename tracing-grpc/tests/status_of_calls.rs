//! The status is read from trailers, or from the headers of a trailers-only response.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Shop, ending, item};
use tonic::Code;
use tracing_core_lite::span::data::StatusData;

#[tokio::test(flavor = "multi_thread")]
async fn thirteen_in_the_trailers() {
    let mut shop = Shop::open().await;
    let mut levels = shop.client.watch(item("broken")).await.unwrap().into_inner();
    for _ in 0..3 {
        assert!(levels.message().await.unwrap().is_some());
    }
    assert_eq!(levels.message().await.unwrap_err().code(), Code::Internal);
    let (client, server) = shop.pair();
    for span in [client, server] {
        assert_eq!(ending(&span), (Some("INTERNAL"), Some("INTERNAL"), true));
        assert_eq!(span.status, StatusData::Error(String::new()), "no message unless it is wanted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_in_the_headers() {
    let mut shop = Shop::open().await;
    assert_eq!(shop.client.check(item("missing")).await.unwrap_err().code(), Code::NotFound);
    let (client, server) = shop.pair();
    assert_eq!(ending(&client), (Some("NOT_FOUND"), Some("NOT_FOUND"), true));
    assert_eq!(
        ending(&server),
        (Some("NOT_FOUND"), None, false),
        "the caller's mistake is no failure of the server"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn thirteen_in_the_headers() {
    let mut shop = Shop::open().await;
    assert_eq!(shop.client.check(item("broken")).await.unwrap_err().code(), Code::Internal);
    let (client, server) = shop.pair();
    for span in [client, server] {
        assert_eq!(ending(&span), (Some("INTERNAL"), Some("INTERNAL"), true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_when_it_is_wanted() {
    let mut shop =
        Shop::with(|layer| layer.with_status_message(true), |layer| layer.with_status_message(true)).await;
    shop.client.check(item("missing")).await.unwrap_err();
    let (client, server) = shop.pair();
    assert_eq!(client.status, StatusData::Error("no such sku: \u{e4}".to_owned()));
    assert_eq!(server.status, StatusData::Unset);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_unknown() {
    let mut shop = Shop::open().await;
    shop.client.check(item("panic")).await.unwrap_err();
    let (client, server) = shop.pair();
    assert_eq!(ending(&server), (Some("UNKNOWN"), Some("panic"), true));
    assert!(client.is_error());
}
