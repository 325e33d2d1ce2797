//! What the layers add to a unary call: on their own, and over the loopback.

#[path = "../tests/support/mod.rs"]
mod support;

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response};
use http_body::Body;
use support::proto::stock_client::StockClient;
use support::{Shelf, item};
use tonic::transport::{Endpoint, Server};
use tower_layer::{Identity, Layer};
use tower_service::Service;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::sampling::AlwaysOff;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

/// Answers at once with a message and trailers.
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
            2 => {
                let mut trailers = http::HeaderMap::with_capacity(1);
                trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
                Some(Ok(http_body::Frame::trailers(trailers)))
            }
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

    fn call(&mut self, request: Request<()>) -> Self::Future {
        black_box(request);
        std::future::ready(Ok(Response::new(Message(0))))
    }
}

fn run<S, B>(service: &mut S, request: Request<()>)
where
    S: Service<Request<()>, Response = Response<B>>,
    B: Body,
{
    let mut cx = Context::from_waker(Waker::noop());
    let mut future = pin!(service.call(request));
    if let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) {
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
            black_box(frame.is_ok());
        }
    }
}

fn request() -> Request<()> {
    let mut request = Request::new(());
    *request.uri_mut() = http::Uri::from_static("http://127.0.0.1:50051/shop.v1.Stock/Check");
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    request.headers_mut().insert("traceparent", http::HeaderValue::from_static(traceparent));
    request
}

fn recording() -> TracerProvider {
    TracerProvider::builder().with_exporter(Discard).build().expect("a thread can be started")
}

fn unsampled() -> TracerProvider {
    TracerProvider::builder()
        .with_sampler(AlwaysOff)
        .with_exporter(Discard)
        .build()
        .expect("a thread can be started")
}

fn layers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("layer");
    let mut measure = |name: &str, run: &mut dyn FnMut(Request<()>)| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(request, &mut *run, criterion::BatchSize::SmallInput);
        });
    };
    measure("bare", &mut |request| run(&mut Answer, request));
    for (name, provider) in [("sampled", recording()), ("unsampled", unsampled())] {
        let mut server = ServerLayer::new().with_provider(&provider).layer(Answer);
        measure(&format!("server, {name}"), &mut |request| run(&mut server, request));
        let mut client =
            ClientLayer::new().with_provider(&provider).with_server_address("payment", 50051).layer(Answer);
        measure(&format!("client, {name}"), &mut |request| run(&mut client, request));
    }
}

fn loopback(criterion: &mut Criterion) {
    // Client and server on one thread: otherwise it is the waking of threads that is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be started");
    let mut group = criterion.benchmark_group("loopback");
    let endpoint = |port: u16| Endpoint::try_from(format!("http://127.0.0.1:{port}")).expect("a URI");

    let _entered = runtime.enter();
    let port = runtime.block_on(support::serve(Server::builder().layer(Identity::new()), Shelf::default()));
    let mut bare = StockClient::new(endpoint(port).connect_lazy());
    group.bench_function("bare", |bencher| {
        bencher.iter(|| runtime.block_on(bare.check(item("A-7"))).expect("an answer"));
    });
    for (name, provider) in [("both layers, sampled", recording()), ("both layers, unsampled", unsampled())] {
        let layer = ServerLayer::new().with_provider(&provider);
        let port = runtime.block_on(support::serve(Server::builder().layer(layer), Shelf::default()));
        let layer = ClientLayer::new().with_provider(&provider).with_endpoint(&endpoint(port));
        let mut client = StockClient::new(layer.layer(endpoint(port).connect_lazy()));
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(client.check(item("A-7"))).expect("an answer"));
        });
    }
}

criterion_group!(benches, layers, loopback);
criterion_main!(benches);
