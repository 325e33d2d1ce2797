//! An unsampled request needs at most one allocation, for its context.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::testing::{Allocations, CountingAllocator};
use tracing_http::PeerAddress;
use tracing_http::server::{Route, ServerLayer};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

async fn respond(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
}

fn request(traceparent: &'static str) -> Request<()> {
    let mut request = Request::get("/orders/4711?page=2")
        .header("host", "shop.example")
        .header("user-agent", "test/1.0")
        .header("traceparent", traceparent)
        .body(())
        .unwrap();
    request.extensions_mut().insert(Route::from("/orders/{id}"));
    request.extensions_mut().insert(PeerAddress("127.0.0.1:4711".parse().unwrap()));
    request
}

/// Returns the number of allocations of one request from its call to the end of its body.
fn allocations<S, A, B>(service: &mut S, request: Request<A>) -> u64
where
    S: Service<Request<A>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let before = Allocations::of_this_thread();
    let mut future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) else { panic!("not ready") };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) {}
    Allocations::of_this_thread().since(before).count
}

#[test]
fn of_one_request() {
    let provider = TracerProvider::builder().build().unwrap();
    let mut bare = tower::service_fn(respond);
    let mut traced = ServerLayer::new().with_provider(&provider).layer(tower::service_fn(respond));
    for _ in 0..100 {
        // Fills pools and buffers.
        allocations(&mut traced, request(support::SAMPLED));
    }
    let bare = allocations(&mut bare, request(support::UNSAMPLED));
    let unsampled = allocations(&mut traced, request(support::UNSAMPLED));
    let sampled = allocations(&mut traced, request(support::SAMPLED));
    assert!(unsampled <= bare + 1, "unsampled {unsampled}, bare {bare}");
    // Two for the span within its context, as the OpenTelemetry API stores it, and one for the state that ends it.
    assert!(sampled <= bare + 3, "sampled {sampled}, bare {bare}");
}

/// axum boxes a body again unless it is its own type.
#[test]
fn of_one_request_to_axum() {
    let provider = TracerProvider::builder().build().unwrap();
    let router = || axum::Router::new().route("/orders/{id}", axum::routing::get(|| async { "hello" }));
    let layer = tracing_http::axum::ServerLayer::new().with_provider(&provider);
    let pass_through = tower::layer::layer_fn(|inner| tower::util::MapRequest::new(inner, |request| request));
    let mut bare = router().layer(pass_through).with_state(());
    let mut traced = router().layer(layer).with_state(());
    let of = |router: &mut axum::Router| {
        let request = || request(support::UNSAMPLED).map(|()| axum::body::Body::empty());
        allocations(router, request());
        allocations(router, request())
    };
    let (bare, traced) = (of(&mut bare), of(&mut traced));
    assert!(traced <= bare + 1, "unsampled {traced}, bare {bare}");
}
