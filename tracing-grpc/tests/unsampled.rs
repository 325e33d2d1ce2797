//! An unsampled call is propagated with at most one allocation on a server, or two if the layer keeps tonic's body.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use http_body::Body;
use opentelemetry::trace::TraceContextExt;
use support::{Shop, item};
use tonic::Code;
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::testing::{Allocations, CountingAllocator, TestSpans};
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A service that answers at once with a message and trailers, without an allocation.
#[derive(Clone)]
struct Answer;

struct Message(u8);

impl Body for Message {
    type Data = bytes::Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, tonic::Status>>> {
        self.0 += 1;
        Poll::Ready(match self.0 {
            1 => Some(Ok(http_body::Frame::data(bytes::Bytes::from_static(b"\0\0\0\0\0")))),
            2 => Some(Ok(http_body::Frame::trailers(http::HeaderMap::new()))),
            _ => None,
        })
    }
}

impl Service<Request<()>> for Answer {
    type Response = Response<Message>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Message>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<()>) -> Self::Future {
        std::future::ready(Ok(Response::new(Message(0))))
    }
}

/// The same service with tonic's body, which needs an allocation.
#[derive(Clone)]
struct AnswerOfTonic;

impl Service<Request<()>> for AnswerOfTonic {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        std::future::ready(Ok(Response::new(tonic::body::Body::new(Message(0)))))
    }
}

/// Returns the number of allocations of one call, from the request to the trailers.
fn allocations<S, B>(service: &mut S) -> u64
where
    S: Service<Request<()>, Response = Response<B>>,
    B: Body,
{
    let mut cx = Context::from_waker(Waker::noop());
    let request = || {
        Request::post("http://127.0.0.1/shop.v1.Stock/Check")
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
            .header("grpc-timeout", "1S")
            .body(())
            .unwrap()
    };
    let mut least = u64::MAX;
    // Allocations that happen only once, such as thread-local storage, are not counted.
    for _ in 0..3 {
        let request = request();
        let before = Allocations::of_this_thread();
        let mut future = std::pin::pin!(service.call(request));
        let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) else { panic!("not ready") };
        let mut body = std::pin::pin!(response.into_body());
        while let Poll::Ready(Some(Ok(_))) = body.as_mut().poll_frame(&mut cx) {}
        least = least.min(Allocations::of_this_thread().since(before).count);
    }
    least
}

#[test]
fn one_allocation_on_a_server() {
    let spans = TestSpans::new();
    assert_eq!(allocations(&mut Answer), 0);
    let layer = ServerLayer::new().with_provider(spans.provider()).with_on_request(
        |_: &tracing_grpc::RequestHead<'_>, _: &mut tracing_core_lite::Recorder<'_>| panic!("not recorded"),
    );
    let count = allocations(&mut layer.layer(Answer));
    assert!(count <= 1, "{count} allocations");
    assert!(spans.finished().is_empty());
}

#[test]
fn two_allocations_on_a_server_that_keeps_tonics_body() {
    let spans = TestSpans::new();
    let of_service = allocations(&mut AnswerOfTonic);
    let layer = tracing_grpc::tonic::ServerLayer::new().with_provider(spans.provider()).with_read_ahead();
    // The context, and a body for the frames that were read.
    let count = allocations(&mut layer.layer(AnswerOfTonic)) - of_service;
    assert!(count <= 2, "{count} allocations");
    assert!(spans.finished().is_empty());
}

#[test]
fn two_allocations_on_a_client() {
    let spans = TestSpans::new();
    let layer = ClientLayer::new().with_provider(spans.provider());
    let parent = opentelemetry::trace::SpanContext::new(
        opentelemetry::trace::TraceId::from(7),
        opentelemetry::trace::SpanId::from(7),
        opentelemetry::trace::TraceFlags::NOT_SAMPLED,
        true,
        opentelemetry::trace::TraceState::NONE,
    );
    let _current = tracing_core_lite::Context::new().with_remote_span_context(parent).attach();
    // The context, and the header that is sent.
    let count = allocations(&mut layer.layer(Answer));
    assert!(count <= 2, "{count} allocations");
    assert!(spans.finished().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decision_travels() {
    let mut shop = Shop::open().await;
    let mut request = tonic::Request::new(item("missing"));
    request.metadata_mut().insert("x-tenant", "north".parse().unwrap());
    let span_context = opentelemetry::trace::SpanContext::new(
        opentelemetry::trace::TraceId::from(7),
        opentelemetry::trace::SpanId::from(7),
        opentelemetry::trace::TraceFlags::NOT_SAMPLED,
        true,
        opentelemetry::trace::TraceState::NONE,
    );
    let context = tracing_core_lite::Context::new().with_remote_span_context(span_context);
    let status = {
        use tracing_core_lite::context::FutureExt;
        shop.client.check(request).in_context(context).await.unwrap_err()
    };
    assert_eq!(status.code(), Code::NotFound);
    assert!(shop.spans.finished().is_empty(), "neither the layers nor what the service did");
}
