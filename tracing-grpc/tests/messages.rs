//! Messages become events if the settings enable it, up to a limit.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Shop, item};
use tracing_core_lite::span::data::{AnyValue, EventData, SpanData};

fn events(span: &SpanData, name: &str) -> Vec<i64> {
    let int = |event: &EventData, key: &str| {
        event.attributes.iter().find(|(found, _)| found == key).and_then(|(_, value)| match value {
            AnyValue::Int(value) => Some(*value),
            _ => None,
        })
    };
    let named = span.events.iter().filter(|event| event.name == name);
    named
        .enumerate()
        .map(|(index, event)| {
            assert_eq!(int(event, "grpc.message.id"), Some(index as i64 + 1));
            int(event, "grpc.message.size").unwrap()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_directions_on_both_sides() {
    let mut shop = Shop::with(|layer| layer.with_messages(2), |layer| layer.with_messages(10)).await;
    let items = tokio_stream::iter([item("a"), item("bb"), item("ccc")]);
    let mut levels = shop.client.trade(items).await.unwrap().into_inner();
    while levels.message().await.unwrap().is_some() {}
    let (client, server) = shop.pair();
    // A key and a length, the text, a key and the quantity.
    assert_eq!(events(&client, "grpc.message.sent"), [5, 6, 7]);
    assert_eq!(events(&client, "grpc.message.received"), [7, 7, 7]);
    // Messages are still counted after the limit of events.
    assert_eq!(events(&server, "grpc.message.received"), [5, 6]);
    assert_eq!(events(&server, "grpc.message.sent"), [7, 7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn none_by_default() {
    let mut shop = Shop::open().await;
    shop.client.check(item("A-7")).await.unwrap();
    let (client, server) = shop.pair();
    assert!(client.events.is_empty() && server.events.is_empty());
}
