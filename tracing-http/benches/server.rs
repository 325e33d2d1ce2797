//! One request through an axum router: what the server layer adds to a layer that does nothing.
//!
//! `cargo bench -p tracing-http --features full --bench server`

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use criterion::{Criterion, criterion_group, criterion_main};
use http::Request;
use http_body::Body as _;
use tower::Service;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::Discard;
use tracing_http::PeerAddress;
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// A service that only calls another.
#[derive(Clone)]
struct PassThrough<S>(S);

impl<S: Service<R>, R> Service<R> for PassThrough<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.0.call(request)
    }
}

fn router() -> Router {
    Router::new().route("/orders/{id}", get(|| async { "an order" }))
}

fn request(traceparent: &'static str) -> Request<Body> {
    let mut request = Request::get("/orders/4711?page=2")
        .header("host", "shop.example:8080")
        .header("user-agent", "bench/1.0 (a client)")
        .header("accept", "*/*")
        .header("traceparent", traceparent)
        .body(Body::empty())
        .expect("a request");
    request.extensions_mut().insert(PeerAddress(([192, 0, 2, 1], 4711).into()));
    request
}

/// From the call to the end of the body, as a server does it.
fn run(router: &mut Router, request: Request<Body>) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut response = pin!(router.call(request));
    let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut cx) else {
        panic!("the response is not ready")
    };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        black_box(&frame);
        if body.is_end_stream() {
            break;
        }
    }
}

fn bench_router(c: &mut Criterion, name: &str, mut router: Router, traceparent: &'static str) {
    c.bench_function(name, |b| {
        // The request is made within the measurement: memory is then taken and given back in turns, as in a server.
        b.iter(|| run(&mut router, request(traceparent)));
    });
}

fn server(c: &mut Criterion) {
    let provider = TracerProvider::builder().with_exporter(Discard).build().expect("a provider");
    let layer = ServerLayer::new().with_provider(&provider);
    let pass_through = tower::layer::layer_fn(PassThrough);
    // axum boxes the body once more after any layer that changes its type.
    let wraps_body = tower::util::MapResponseLayer::new(|response: http::Response<Body>| {
        response.map(|body| http_body_util::BodyExt::map_err(body, |error| error))
    });
    bench_router(c, "server/pass-through", router().layer(pass_through).with_state(()), SAMPLED);
    bench_router(c, "server/pass-through, body wrapped", router().layer(wraps_body).with_state(()), SAMPLED);
    bench_router(c, "server/sampled", router().layer(layer.clone()).with_state(()), SAMPLED);
    bench_router(c, "server/unsampled", router().layer(layer).with_state(()), UNSAMPLED);
}

fn client(c: &mut Criterion) {
    let provider = TracerProvider::builder().with_exporter(Discard).build().expect("a provider");
    let answer = || {
        tower::service_fn(|_: Request<Body>| {
            std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(Body::from("an order"))))
        })
    };
    let mut traced = tower::Layer::layer(&ClientLayer::new().with_provider(&provider), answer());
    let mut bare = answer();
    let make = || {
        Request::get("http://shop.example:8080/orders/4711?page=2").body(Body::empty()).expect("a request")
    };
    c.bench_function("client/bare", |b| {
        b.iter(|| read(poll(bare.call(make()))));
    });
    c.bench_function("client/sampled", |b| {
        b.iter(|| read(poll(traced.call(make()))));
    });
}

fn poll<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the response is not ready"),
    }
}

fn read<B: http_body::Body>(response: Result<http::Response<B>, std::convert::Infallible>) {
    let Ok(response) = response;
    let mut body = pin!(response.into_body());
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) {}
}

criterion_group!(benches, server, client);
criterion_main!(benches);
