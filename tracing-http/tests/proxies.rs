//! Client, host and scheme come from the connection, or from trusted proxies.
#![allow(clippy::unwrap_used)]

mod support;

use axum::Router;
use axum::routing::get;
use support::{attribute, only, send, serve};
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::{ServerLayer, TrustedProxies};

#[tokio::test]
async fn through_a_socket() {
    let forwarded =
        "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-Host: shop.example\r\nX-Forwarded-Proto: https";
    let loopback = TrustedProxies::networks(["127.0.0.0/8"]).unwrap();
    let elsewhere = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
    for (name, proxies, client, host, port, scheme) in [
        ("nobody is trusted", None, "127.0.0.1", "internal", None, "http"),
        ("one hop", Some(TrustedProxies::hops(1)), "203.0.113.9", "shop.example", Some("443"), "https"),
        ("this network", Some(loopback), "203.0.113.9", "shop.example", Some("443"), "https"),
        ("another network", Some(elsewhere), "127.0.0.1", "internal", None, "http"),
    ] {
        let spans = TestSpans::new();
        let mut layer = ServerLayer::new().with_provider(spans.provider());
        if let Some(proxies) = proxies {
            layer = layer.with_trusted_proxies(proxies);
        }
        let address = serve(Router::new().route("/", get(|| async {})).layer(layer)).await;
        send(address, &format!("GET / HTTP/1.1\r\nHost: internal\r\n{forwarded}")).await;
        let span = only(&spans).await;
        assert_eq!(attribute(&span, "client.address").as_deref(), Some(client), "{name}");
        assert_eq!(attribute(&span, "network.peer.address").as_deref(), Some("127.0.0.1"), "{name}");
        assert_eq!(attribute(&span, "server.address").as_deref(), Some(host), "{name}");
        assert_eq!(attribute(&span, "server.port").as_deref(), port, "{name}");
        assert_eq!(attribute(&span, "url.scheme").as_deref(), Some(scheme), "{name}");
    }
}
