//! Each attempt of a request has its own span, with a resend count on all but the first.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use support::{attribute, wait_for};
use tower::retry::{Policy, RetryLayer};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;
use tracing_core_lite::testing::TestSpans;
use tracing_http::client::{ClientBody, ClientLayer, ResendLayer};

/// A policy that retries responses with status 503.
#[derive(Clone)]
struct Unavailable;

impl<B> Policy<Request<String>, Response<ClientBody<B>>, Infallible> for Unavailable {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _request: &mut Request<String>,
        result: &mut Result<Response<ClientBody<B>>, Infallible>,
    ) -> Option<Self::Future> {
        let is_unavailable = result.as_ref().is_ok_and(|response| response.status() == 503);
        is_unavailable.then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &Request<String>) -> Option<Request<String>> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn attempts_are_counted() {
    let spans = TestSpans::new();
    let calls = Arc::new(AtomicU32::new(0));
    let parents = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sent = Arc::clone(&parents);
    let inner = tower::service_fn(move |request: Request<String>| {
        sent.lock().unwrap().push(request.headers()["traceparent"].clone());
        // Every third call succeeds.
        let succeeds = calls.fetch_add(1, Ordering::Relaxed) % 3 == 2;
        let status = if succeeds { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        async move { Ok::<_, Infallible>(Response::builder().status(status).body(String::new()).unwrap()) }
    });
    let mut client = ServiceBuilder::new()
        .layer(ResendLayer::new())
        .layer(RetryLayer::new(Unavailable))
        .layer(ClientLayer::new().with_provider(spans.provider()))
        .service(inner);
    for _ in 0..2 {
        let request = Request::get("http://x/").body(String::new()).unwrap();
        assert_eq!(client.ready().await.unwrap().call(request).await.unwrap().status(), 200);
    }

    let all = wait_for(&spans, 6).await;
    let counts: Vec<_> = all.iter().map(|span| attribute(span, "http.request.resend_count")).collect();
    let expected = [None, Some("1".to_owned()), Some("2".to_owned())];
    assert_eq!(counts, [&expected[..], &expected[..]].concat());
    let failed: Vec<bool> = all.iter().map(|span| span.is_error()).collect();
    assert_eq!(failed, [true, true, false, true, true, false]);
    let sent: std::collections::HashSet<_> = parents.lock().unwrap().iter().cloned().collect();
    assert_eq!(sent.len(), 6, "each attempt sends a span of its own");
}

/// `FollowRedirect` creates a new request for each redirect, without the extensions of the first.
#[tokio::test]
async fn redirects_are_counted() {
    let spans = TestSpans::new();
    let inner = tower::service_fn(|request: Request<Empty<bytes::Bytes>>| async move {
        let next = match request.uri().path() {
            "/first" => Some("/second"),
            "/second" => Some("/third"),
            _ => None,
        };
        let response = match next {
            Some(next) => Response::builder().status(StatusCode::FOUND).header("location", next),
            None => Response::builder(),
        };
        Ok::<_, Infallible>(response.body(Empty::<bytes::Bytes>::new()).unwrap())
    });
    let mut client = ServiceBuilder::new()
        .layer(ResendLayer::new())
        .layer(FollowRedirectLayer::new())
        .layer(ClientLayer::new().with_provider(spans.provider()))
        .service(inner);
    for _ in 0..2 {
        let request = Request::get("http://x.example/first").body(Empty::new()).unwrap();
        assert_eq!(client.ready().await.unwrap().call(request).await.unwrap().status(), 200);
    }
    let all = wait_for(&spans, 6).await;
    let counts: Vec<_> = all.iter().map(|span| attribute(span, "http.request.resend_count")).collect();
    let expected = [None, Some("1".to_owned()), Some("2".to_owned())];
    assert_eq!(counts, [&expected[..], &expected[..]].concat());
}

/// Middleware may send its own request first, for example to get a token.
#[tokio::test]
async fn another_request_before_the_first_attempt_is_no_resend() {
    let spans = TestSpans::new();
    let answer =
        tower::service_fn(|_: Request<String>| async { Ok::<_, Infallible>(Response::new(String::new())) });
    let client = ClientLayer::new().with_provider(spans.provider()).layer(answer);
    let with_token = tower::service_fn(move |request: Request<String>| {
        let client = client.clone();
        async move {
            let token = Request::get("http://auth.example/token").body(String::new()).unwrap();
            client.clone().oneshot(token).await?;
            client.oneshot(request).await
        }
    });
    let request = Request::get("http://x.example/").body(String::new()).unwrap();
    ResendLayer::new().layer(with_token).oneshot(request).await.unwrap();
    let all = wait_for(&spans, 2).await;
    assert!(all.iter().all(|span| attribute(span, "http.request.resend_count").is_none()), "{all:?}");
}
