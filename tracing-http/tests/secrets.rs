//! Spans contain no credentials unless the settings explicitly allow it.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, SET_COOKIE};
use http::{HeaderValue, Request, Response};
use support::{attribute, only};
use tower::{Layer, ServiceExt};
use tracing_core_lite::redact::SecretKeys;
use tracing_core_lite::redaction::Redaction;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;

fn request(uri: &str) -> Request<String> {
    Request::get(uri)
        .header(AUTHORIZATION, "Bearer s3cret")
        .header(COOKIE, "session=s3cret")
        .header("x-tenant", "acme")
        .header("proxy-authorization", "s3cret")
        .header("x-api-key", "s3cret")
        .body(String::new())
        .unwrap()
}

async fn respond(_: Request<String>) -> Result<Response<String>, Infallible> {
    Ok(Response::builder().header(SET_COOKIE, "session=s3cret").body(String::new()).unwrap())
}

const ALL: [HeaderName; 6] = [
    AUTHORIZATION,
    COOKIE,
    SET_COOKIE,
    HeaderName::from_static("x-tenant"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("x-api-key"),
];

/// The layers themselves must keep secrets out, so the redaction before export is off.
fn unredacted() -> TestSpans {
    TestSpans::with(|builder| builder.with_redaction(Redaction::off())).unwrap()
}

async fn server(layer: impl FnOnce(ServerLayer) -> ServerLayer, uri: &str) -> SpanData {
    let spans = unredacted();
    let service = layer(ServerLayer::new().with_provider(spans.provider())).layer(tower::service_fn(respond));
    service.oneshot(request(uri)).await.unwrap();
    only(&spans).await
}

async fn client(uri: &str) -> SpanData {
    let spans = unredacted();
    let layer = ClientLayer::new()
        .with_provider(spans.provider())
        .with_captured_request_headers(ALL)
        .with_captured_response_headers(ALL);
    layer.layer(tower::service_fn(respond)).oneshot(request(uri)).await.unwrap();
    only(&spans).await
}

const URI: &str = "https://ann:s3cret@example.com/a?X-Amz-Signature=s3cret&page=2&sig=s3cret&Api_Key=s3cret";

#[tokio::test]
async fn nothing_secret_is_recorded() {
    let all =
        |layer: ServerLayer| layer.with_captured_request_headers(ALL).with_captured_response_headers(ALL);
    let span = server(all, URI).await;
    assert!(!format!("{span:?}").contains("s3cret"), "{span:?}");
    let query = "X-Amz-Signature=REDACTED&page=2&sig=REDACTED&Api_Key=REDACTED";
    assert_eq!(attribute(&span, "url.query").as_deref(), Some(query));
    assert_eq!(attribute(&span, "server.address").as_deref(), Some("example.com"));
    assert_eq!(attribute(&span, "http.request.header.x-tenant").as_deref(), Some("[acme]"));

    let span = client(URI).await;
    assert!(!format!("{span:?}").contains("s3cret"), "{span:?}");
    let url = format!("https://REDACTED:REDACTED@example.com/a?{query}");
    assert_eq!(attribute(&span, "url.full"), Some(url));
    assert_eq!(attribute(&span, "http.request.header.x-tenant").as_deref(), Some("[acme]"));
}

#[tokio::test]
async fn no_header_is_recorded_by_default() {
    let span = server(|layer| layer, "/").await;
    assert!(!span.attributes.iter().any(|(key, _)| key.contains("header")), "{span:?}");
}

#[tokio::test]
async fn credentials_are_recorded_if_the_settings_allow_it() {
    let insist = |layer: ServerLayer| {
        layer
            .with_captured_request_headers_and_credentials([AUTHORIZATION])
            .with_captured_response_headers_and_credentials([SET_COOKIE])
            .with_secret_query_keys(SecretKeys::none().and(["page"]))
    };
    let span = server(insist, "/a?sig=1&page=2").await;
    assert_eq!(attribute(&span, "http.request.header.authorization").as_deref(), Some("[Bearer s3cret]"));
    assert_eq!(attribute(&span, "http.response.header.set-cookie").as_deref(), Some("[session=s3cret]"));
    assert_eq!(attribute(&span, "url.query").as_deref(), Some("sig=1&page=REDACTED"));
}

/// A value that is marked as sensitive stays hidden even under a harmless name.
#[tokio::test]
async fn marked_values_are_hidden() {
    let spans = unredacted();
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_captured_request_headers([HeaderName::from_static("x-tenant")]);
    let mut request = Request::new(String::new());
    let mut value = HeaderValue::from_static("s3cret");
    value.set_sensitive(true);
    request.headers_mut().insert("x-tenant", value);
    layer.layer(tower::service_fn(respond)).oneshot(request).await.unwrap();
    assert_eq!(attribute(&only(&spans).await, "http.request.header.x-tenant").as_deref(), Some("[REDACTED]"));
}

/// A header of a request or a response may contain a URL with a secret.
#[tokio::test]
async fn secrets_in_captured_urls_are_redacted() {
    let names = ["referer", "x-original-url", "x-tenant", "location", "content-location"];
    let names = names.map(HeaderName::from_static);
    let secret = "https://ann:s3cret@example.com/a?token=s3cret&page=2";
    let relative = "cb?next=%2Fa%3Ftoken%3Ds3cret&page=2";
    let redacted = "[https://REDACTED:REDACTED@example.com/a?token=REDACTED&page=2]";
    let spans = unredacted();
    let answer = move |_: Request<String>| async move {
        let response = Response::builder().header("location", secret).header("content-location", relative);
        Ok::<_, Infallible>(response.body(String::new()).unwrap())
    };
    let request = || {
        let request =
            Request::get("http://example.com/").header("referer", secret).header("x-tenant", "a?sig=b");
        request.header("x-original-url", "/a?token=s3cret").body(String::new()).unwrap()
    };
    let server = ServerLayer::new()
        .with_provider(spans.provider())
        .with_captured_request_headers(names.clone())
        .with_captured_response_headers(names.clone());
    let client = ClientLayer::new()
        .with_provider(spans.provider())
        .with_captured_request_headers(names.clone())
        .with_captured_response_headers(names);
    server.layer(tower::service_fn(answer)).oneshot(request()).await.unwrap();
    client.layer(tower::service_fn(answer)).oneshot(request()).await.unwrap();
    let all = support::wait_for(&spans, 2).await;
    for span in all {
        let header = |name: &str| attribute(&span, name);
        assert_eq!(header("http.request.header.referer").as_deref(), Some(redacted));
        assert_eq!(header("http.request.header.x-original-url").as_deref(), Some("[/a?token=REDACTED]"));
        assert_eq!(header("http.response.header.location").as_deref(), Some(redacted));
        assert_eq!(
            header("http.response.header.content-location").as_deref(),
            Some("[cb?next=REDACTED&page=2]")
        );
        assert_eq!(header("http.request.header.x-tenant").as_deref(), Some("[a?sig=b]"), "that is no URL");
    }
}

#[tokio::test]
async fn long_urls_are_cut_after_their_secrets_are_redacted() {
    let path = "/x".repeat(15_000);
    let query = format!("token=s3cret&{}", "page=1&".repeat(2_000));
    let server = server(|layer| layer, &format!("{path}?{query}")).await;
    assert_eq!(attribute(&server, "url.path").unwrap().len(), 2_048);
    let recorded = attribute(&server, "url.query").unwrap();
    assert_eq!(recorded.len(), 2_048);
    assert!(recorded.starts_with("token=REDACTED&"), "{recorded}");
    let client = client(&format!("http://ann:s3cret@example.com{path}?{query}")).await;
    let recorded = attribute(&client, "url.full").unwrap();
    assert_eq!(recorded.len(), 2_048);
    assert!(!recorded.contains("s3cret"), "{recorded}");
}
