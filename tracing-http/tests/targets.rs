//! The attributes that a thread caches for earlier requests are not used for other targets.
#![allow(clippy::unwrap_used)]

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::{Request, Version};
use tower::ServiceExt;
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::{Route, ServerLayer};

const METHODS: [(&str, &str); 4] =
    [("GET", "GET"), ("POST", "POST"), ("QUERY", "QUERY"), ("PURGE", "_OTHER")];

const VERSIONS: [(Version, &str); 5] = [
    (Version::HTTP_09, "0.9"),
    (Version::HTTP_10, "1.0"),
    (Version::HTTP_11, "1.1"),
    (Version::HTTP_2, "2"),
    (Version::HTTP_3, "3"),
];

/// A URI, its scheme, its route, its authority, and the known port.
type Target = (&'static str, &'static str, Option<&'static str>, Option<&'static str>, Option<i64>);

const TARGETS: [Target; 8] = [
    ("/orders/1", "http", Some("/orders/{id}"), None, None),
    ("/carts/1", "http", Some("/carts/{id}"), None, None),
    ("/nowhere", "http", None, None, None),
    // From a router whose routes may be empty.
    ("/nowhere", "http", Some(""), None, None),
    ("http://shop.example/orders/1", "http", Some("/orders/{id}"), Some("shop.example"), Some(80)),
    ("https://shop.example/orders/1", "https", Some("/orders/{id}"), Some("shop.example"), Some(443)),
    ("https://shop.example:444/orders/1", "https", Some("/orders/{id}"), Some("shop.example"), Some(444)),
    ("coap://shop.example/orders/1", "coap", Some("/orders/{id}"), Some("shop.example"), None),
];

const HOSTS: [Option<&str>; 3] = [None, Some("one.example"), Some("two.example")];

#[tokio::test]
async fn targets_that_differ_in_one_part_are_distinguished() {
    // Each is sent three times to the same thread, so that it is cached, found, and distinguished from others.
    for _ in 0..3 {
        for target in TARGETS {
            for (method, known) in METHODS {
                for (version, number) in VERSIONS {
                    for host in HOSTS {
                        check(target, method, known, version, number, host).await;
                    }
                }
            }
        }
    }
}

async fn check(
    (uri, scheme, route, authority, port): Target,
    method: &str,
    known: &str,
    version: Version,
    number: &str,
    host: Option<&str>,
) {
    let spans = TestSpans::new();
    let app = Router::new()
        .route("/orders/{id}", any(|| async {}))
        .route("/carts/{id}", any(|| async {}))
        .layer(ServerLayer::new().with_provider(spans.provider()));
    let mut request = Request::builder().method(method).uri(uri).version(version);
    if route == Some("") {
        request = request.extension(Route::from(""));
    }
    if let Some(host) = host {
        request = request.header("host", host);
    }
    drop(app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap());
    let finished = spans.finished();
    let [span] = &finished[..] else { panic!("one span: {finished:?}") };
    let text = |key| span.span.text(key);
    let request = format!("{method} {uri} {version:?} {host:?}");
    assert_eq!(text("http.request.method"), Some(known), "{request}");
    assert_eq!(text("http.request.method_original"), Some(method).filter(|_| method != known), "{request}");
    assert_eq!(text("network.protocol.version"), Some(number), "{request}");
    assert_eq!(text("url.scheme"), Some(scheme), "{request}");
    assert_eq!(text("http.route"), route, "{request}");
    assert_eq!(text("server.address"), authority.or(host), "{request}");
    assert_eq!(span.span.int("server.port"), port, "{request}");
}
