//! A unary call is one span on each side, in one trace, with the attributes of the conventions.

#![allow(clippy::unwrap_used)]

mod support;

use opentelemetry::trace::SpanKind;
use support::{Shop, ending, item};
use tracing_core_lite::span::data::{AnyValue, SpanData, StatusData};

fn keys(span: &SpanData) -> Vec<&str> {
    let mut keys: Vec<&str> = span.attributes.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_both_sides() {
    let mut shop = Shop::open().await;
    let level = shop.client.check(item("A-7")).await.unwrap();
    assert_eq!(level.into_inner().quantity, 3);
    let (client, server) = shop.pair();
    assert_eq!((&client.kind, &server.kind), (&SpanKind::Client, &SpanKind::Server));
    for span in [&client, &server] {
        assert_eq!(span.name, "shop.v1.Stock/Check");
        assert_eq!(
            keys(span),
            [
                "network.peer.address",
                "network.peer.port",
                "rpc.method",
                "rpc.response.status_code",
                "rpc.system.name",
                "server.address",
                "server.port",
            ]
        );
        assert_eq!(span.text("rpc.system.name"), Some("grpc"));
        assert_eq!(span.text("rpc.method"), Some("shop.v1.Stock/Check"));
        assert_eq!(span.text("server.address"), Some("127.0.0.1"));
        assert_eq!(span.int("server.port"), Some(shop.port.into()));
        assert_eq!(span.text("network.peer.address"), Some("127.0.0.1"));
        assert!(matches!(span.attribute("network.peer.port"), Some(AnyValue::Int(1..))));
        assert_eq!(ending(span), (Some("OK"), None, false));
        assert_eq!(span.status, StatusData::Unset);
        assert!(span.events.is_empty());
    }
    assert_eq!(client.int("network.peer.port"), Some(shop.port.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_nest() {
    let mut shop = Shop::open().await;
    let outer = shop.spans.tracer().span("order").start();
    {
        use tracing_core_lite::context::FutureExt;
        let context = outer.in_context(&tracing_core_lite::Context::new());
        shop.client.check(item("A-7")).in_context(context).await.unwrap();
    }
    outer.end();
    let _all = shop.spans.wait_for(4);
    shop.spans.assert_tree(
        "
        order
          shop.v1.Stock/Check
            shop.v1.Stock/Check
              look
        ",
    );
}
