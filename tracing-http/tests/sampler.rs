//! A request asks the sampler exactly once, on servers and clients.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use opentelemetry::trace::SpanContext;
use support::{SAMPLED, UNSAMPLED};
use tower::{Layer, ServiceExt};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::sampling::{Record, Sampler, SamplingDecision, SamplingInput};
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;

/// A sampler that counts its calls.
#[derive(Debug, Default)]
struct Counting {
    about_children: AtomicUsize,
    about_spans: AtomicUsize,
    /// Whether the decision depends only on the parent.
    is_parent_based: bool,
}

impl Sampler for Counting {
    fn sample(&self, _: &SamplingInput<'_>) -> SamplingDecision {
        self.about_spans.fetch_add(1, Ordering::Relaxed);
        Record::RecordAndSample.into()
    }

    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        self.about_children.fetch_add(1, Ordering::Relaxed);
        let decision = if parent.is_sampled() { Record::RecordAndSample } else { Record::Drop };
        self.is_parent_based.then_some(decision)
    }

    fn description(&self) -> String {
        "Counting".to_owned()
    }
}

async fn respond(_: Request<String>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(String::new()))
}

/// Returns how often one request asks the sampler about children and about spans.
async fn asked(is_client: bool, is_parent_based: bool, traceparent: Option<&str>) -> (usize, usize) {
    let sampler = Arc::new(Counting { is_parent_based, ..Counting::default() });
    let provider = TracerProvider::builder().with_sampler(Arc::clone(&sampler)).build().unwrap();
    let mut request = Request::get("http://shop.example/").body(String::new()).unwrap();
    if let Some(traceparent) = traceparent {
        request.headers_mut().insert("traceparent", traceparent.parse().unwrap());
    }
    if is_client {
        let parent = Propagator::default().extract(request.headers()).into_context();
        let service = ClientLayer::new().with_provider(&provider).layer(tower::service_fn(respond));
        service.oneshot(request).in_context(parent).await.unwrap();
    } else {
        let layer = ServerLayer::new().with_provider(&provider);
        layer.layer(tower::service_fn(respond)).oneshot(request).await.unwrap();
    }
    (sampler.about_children.load(Ordering::Relaxed), sampler.about_spans.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_request_asks_once() {
    for is_client in [false, true] {
        for traceparent in [SAMPLED, UNSAMPLED] {
            let case = format!("client: {is_client}, {traceparent}");
            assert_eq!(asked(is_client, true, Some(traceparent)).await, (1, 0), "{case}");
            assert_eq!(asked(is_client, false, Some(traceparent)).await, (1, 1), "{case}");
        }
        assert_eq!(asked(is_client, true, None).await, (0, 1), "client: {is_client}");
    }
}

/// The layer accepts services that borrow.
#[tokio::test]
async fn a_service_may_borrow() {
    let greeting = String::from("hello");
    let provider = TracerProvider::builder().build().unwrap();
    let borrowed = &greeting;
    let service = tower::service_fn(move |_: Request<String>| async move {
        Ok::<_, Infallible>(Response::new(borrowed.clone()))
    });
    let service = ServerLayer::new().with_provider(&provider).layer(service);
    let response = service.oneshot(Request::new(String::new())).await.unwrap();
    assert_eq!(response.status(), 200);
}
