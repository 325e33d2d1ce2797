//! With arbitrary headers, a request is answered, its span is bounded, and nothing panics.
#![allow(clippy::unwrap_used)]

mod support;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Request};
use proptest::prelude::*;
use support::{attribute, only, send_bytes, serve};
use tower::ServiceExt;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::{ForwardedBy, ServerLayer, TrustedProxies};

fn app(spans: &TestSpans, forwarded_by: ForwardedBy) -> Router {
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_trusted_proxies(TrustedProxies::hops(2).with_forwarded_by(forwarded_by))
        .with_parameterized_paths(true)
        .with_body_sizes(true)
        .with_captured_request_headers([http::header::HOST, HeaderName::from_static("x-any")]);
    Router::new().route("/", get(|| async { "hello" })).layer(layer)
}

#[tokio::test]
async fn over_the_wire() {
    let cases: &[&[u8]] = &[
        b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nUser-Agent: \xff\r\ntraceparent: \xff\r\ntracestate: \x80=\x80",
        b"GET / HTTP/1.1\r\nHost: a b c\r\ntraceparent: 00-0-0-0\r\nbaggage: %%%;;;===,,,",
        b"GET / HTTP/1.1\r\nHost: x:99999999\r\nX-Forwarded-For: ,,,,\"\\\r\nX-Forwarded-Host: <>\r\nX-Forwarded-Proto: \"",
        b"GET /?%&=&&=%zz HTTP/1.1\r\nHost: [::1",
        b"GET / HTTP/1.0\r\nContent-Length: 0",
    ];
    for head in cases {
        let spans = TestSpans::new();
        let address = serve(app(&spans, ForwardedBy::XForwarded)).await;
        let answer = send_bytes(address, head).await;
        assert!(answer.ends_with(b"hello"), "{}", String::from_utf8_lossy(head));
        let span = only(&spans).await;
        assert_eq!(span.name, "GET /");
        assert_ne!(span.trace_id, opentelemetry::TraceId::INVALID);
    }
}

#[tokio::test]
async fn long_values_are_cut() {
    let spans = TestSpans::new();
    let request = Request::builder()
        .method(Method::from_bytes(&[b'X'; 500]).unwrap())
        .header("user-agent", format!("x{}", "ä".repeat(5_000)))
        .header("host", "h".repeat(5_000))
        .body(Body::empty())
        .unwrap();
    app(&spans, ForwardedBy::XForwarded).oneshot(request).await.unwrap();
    let span = only(&spans).await;
    assert_eq!(attribute(&span, "user_agent.original").unwrap().len(), 511, "between two letters");
    assert_eq!(attribute(&span, "http.request.method_original").unwrap().len(), 64);
    assert_eq!(attribute(&span, "server.address"), None);
}

/// Checks that there is one span whose parent is the one in the headers and whose attributes are bounded text. There is
/// no span if the caller did not sample.
fn is_sound(spans: &TestSpans, sent: &http::HeaderMap) -> bool {
    let parent = Propagator::default().extract(sent).span_context;
    let all = spans.finished();
    if parent.as_ref().is_some_and(|parent| !parent.is_sampled()) {
        return all.is_empty();
    }
    let [span] = &all[..] else { return false };
    let span = &span.span;
    let is_child = match parent {
        Some(parent) => (span.trace_id, span.parent_span_id) == (parent.trace_id(), parent.span_id()),
        None => span.is_root() && span.trace_id != opentelemetry::TraceId::INVALID,
    };
    let is_bounded = span.attributes.iter().all(|(_, value)| support::text(value).len() <= 2_048);
    let is_named = span.name == "GET /" && attribute(span, "http.request.method").as_deref() == Some("GET");
    is_child
        && is_bounded
        && is_named
        && attribute(span, "http.response.status_code").as_deref() == Some("200")
}

const NAMES: [&str; 11] = [
    "traceparent",
    "tracestate",
    "baggage",
    "host",
    "user-agent",
    "content-length",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-any",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_in_any_header(headers in prop::collection::vec((0..NAMES.len(), prop::collection::vec(any::<u8>(), 0..80)), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for forwarded_by in [ForwardedBy::XForwarded, ForwardedBy::Forwarded] {
            let spans = TestSpans::new();
            let mut request = Request::new(Body::empty());
            for (name, value) in &headers {
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    request.headers_mut().append(NAMES[*name], value);
                }
            }
            let sent = request.headers().clone();
            let response = runtime.block_on(app(&spans, forwarded_by).oneshot(request)).unwrap();
            prop_assert_eq!(response.status(), 200);
            drop(response);
            prop_assert!(is_sound(&spans, &sent));
        }
    }
}
