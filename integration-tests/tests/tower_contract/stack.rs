//! The four layers behind one interface, around a service whose behaviour a test configures.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower::util::BoxService;
use tower::{Layer, Service, ServiceExt};
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceContextExt};
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Recorder};

pub(crate) const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
pub(crate) const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stack {
    HttpServer,
    HttpClient,
    GrpcServer,
    GrpcClient,
}

impl Stack {
    pub(crate) const ALL: [Self; 4] =
        [Self::HttpServer, Self::HttpClient, Self::GrpcServer, Self::GrpcClient];

    pub(crate) fn is_client(self) -> bool {
        matches!(self, Self::HttpClient | Self::GrpcClient)
    }

    pub(crate) fn is_grpc(self) -> bool {
        matches!(self, Self::GrpcServer | Self::GrpcClient)
    }
}

/// The stage at which something panics or never completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Nowhere,
    OnRequest,
    OnResponse,
    Call,
    Future,
    Body,
}

/// The behaviour of a layer and its service in a test.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) excludes: bool,
    pub(crate) panics: Place,
    pub(crate) waits: Place,
    pub(crate) status: u16,
}

impl Default for Plan {
    fn default() -> Self {
        Self { excludes: false, panics: Place::Nowhere, waits: Place::Nowhere, status: 200 }
    }
}

/// What the service has observed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The headers of a call that the service would make; of a client, those of the request that it received.
    pub(crate) outgoing: HeaderMap,
    /// The current span in the service's future.
    pub(crate) in_future: Option<SpanId>,
    /// The current span in the response's body.
    pub(crate) in_body: Option<SpanId>,
    /// How many hooks were called.
    pub(crate) hooks: usize,
}

pub(crate) type Shared = Arc<Mutex<Seen>>;
pub(crate) type TestResponse = Response<UnsyncBoxBody<Bytes, Infallible>>;
pub(crate) type Outer = BoxService<Request<()>, TestResponse, Infallible>;

fn current_span() -> SpanId {
    Context::current().span().span_context().span_id()
}

fn panic_if(plan: &Plan, place: Place) {
    assert!(plan.panics != place, "as the test wants");
}

/// Two chunks and, over gRPC, trailers.
pub(crate) struct TestBody {
    plan: Plan,
    seen: Shared,
    frames: VecDeque<Frame<Bytes>>,
}

impl Body for TestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        // Of the first poll: a reader may poll once more after the end, when the call is over.
        this.seen.lock().unwrap().in_body.get_or_insert_with(current_span);
        panic_if(&this.plan, Place::Body);
        Poll::Ready(this.frames.pop_front().map(Ok))
    }
}

/// A service that follows `plan`, records what it observes, and creates a span of its own.
fn inner(
    stack: Stack,
    plan: &Plan,
    spans: &TestSpans,
    seen: &Shared,
) -> BoxService<Request<()>, Response<TestBody>, Infallible> {
    let (plan, seen, tracer) = (plan.clone(), Arc::clone(seen), spans.tracer());
    BoxService::new(tower::service_fn(move |request: Request<()>| {
        panic_if(&plan, Place::Call);
        let (plan, seen, tracer) = (plan.clone(), Arc::clone(&seen), tracer.clone());
        async move {
            panic_if(&plan, Place::Future);
            let mut outgoing = request.headers().clone();
            if !stack.is_client() {
                outgoing = HeaderMap::new();
                Propagator::default().inject(&Context::current(), &mut outgoing);
            }
            {
                let mut seen = seen.lock().unwrap();
                (seen.outgoing, seen.in_future) = (outgoing, Some(current_span()));
            }
            tracer.span("query").start().end();
            if plan.waits == Place::Future {
                std::future::pending::<()>().await;
            }
            let mut frames =
                VecDeque::from([b"one", b"two"].map(|piece| Frame::data(Bytes::from_static(piece))));
            if stack.is_grpc() {
                let status = ("grpc-status".parse().unwrap(), HeaderValue::from_static("0"));
                frames.push_back(Frame::trailers(HeaderMap::from_iter([status])));
            }
            let body = TestBody { plan: plan.clone(), seen, frames };
            Ok(Response::builder().status(plan.status).body(body).unwrap())
        }
    }))
}

fn boxed<S, B>(service: S) -> Outer
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    BoxService::new(service.map_response(|response: Response<B>| response.map(BodyExt::boxed_unsync)))
}

/// A layer around the service of `plan`.
pub(crate) fn stack(stack: Stack, plan: &Plan, spans: &TestSpans, seen: &Shared) -> Outer {
    around(stack, plan, spans, seen, inner(stack, plan, spans, seen))
}

/// A layer around any service.
pub(crate) fn around<S, B>(stack: Stack, plan: &Plan, spans: &TestSpans, seen: &Shared, inner: S) -> Outer
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    macro_rules! layered {
        ($layer:expr, $krate:ident) => {{
            let (excludes, on_request, on_response) = (plan.excludes, plan.clone(), plan.clone());
            let (requests, responses) = (Arc::clone(seen), Arc::clone(seen));
            let layer = $layer
                .with_provider(spans.provider())
                .with_filter(move |_: &$krate::RequestHead<'_>| !excludes)
                .with_on_request(move |_: &$krate::RequestHead<'_>, _: &mut Recorder<'_>| {
                    requests.lock().unwrap().hooks += 1;
                    panic_if(&on_request, Place::OnRequest);
                })
                .with_on_response(move |_: &$krate::ResponseHead<'_>, _: &mut Recorder<'_>| {
                    responses.lock().unwrap().hooks += 1;
                    panic_if(&on_response, Place::OnResponse);
                });
            boxed(layer.layer(inner))
        }};
    }
    match stack {
        Stack::HttpServer => layered!(tracing_http::server::ServerLayer::new(), tracing_http),
        Stack::HttpClient => layered!(tracing_http::client::ClientLayer::new(), tracing_http),
        Stack::GrpcServer => layered!(tracing_grpc::server::ServerLayer::new(), tracing_grpc),
        Stack::GrpcClient => layered!(tracing_grpc::client::ClientLayer::new(), tracing_grpc),
    }
}

/// The caller: none, or a traced one with or without baggage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) traceparent: Option<&'static str>,
    pub(crate) baggage: Option<&'static str>,
}

impl Caller {
    fn headers(self) -> HeaderMap {
        let headers = [("traceparent", self.traceparent), ("baggage", self.baggage)];
        let named = |(name, value): (&'static str, Option<&'static str>)| {
            Some((name.parse().unwrap(), HeaderValue::from_static(value?)))
        };
        headers.into_iter().filter_map(named).collect()
    }

    /// The context of a client's caller.
    pub(crate) fn context(self) -> Context {
        Propagator::default().extract(&self.headers()).into_context()
    }

    /// The request of a server's caller.
    pub(crate) fn request(self, stack: Stack) -> Request<()> {
        let mut request = Request::post("http://shop.example/shop.v1.Stock/Check").body(()).unwrap();
        if !stack.is_client() {
            *request.headers_mut() = self.headers();
        }
        request
    }
}

pub(crate) const NOBODY: Caller = Caller { traceparent: None, baggage: None };

/// Calls `service` as `caller`, in the caller's context if the layer is a client's.
pub(crate) fn call(
    stack: Stack,
    caller: Caller,
    service: &mut Outer,
) -> impl Future<Output = Result<TestResponse, Infallible>> + use<> {
    let _current = stack.is_client().then(|| caller.context().attach());
    service.call(caller.request(stack))
}

/// Polls once.
pub(crate) fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut TaskContext::from_waker(Waker::noop()))
}

/// Runs a future that is ready immediately.
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    let Poll::Ready(output) = poll(std::pin::pin!(future)) else { panic!("it waits") };
    output
}

/// Calls `service` and reads the response to its end.
pub(crate) fn call_to_the_end(stack: Stack, caller: Caller, service: &mut Outer) {
    let Ok(response) = drive(call(stack, caller, service));
    drive(response.into_body().collect()).unwrap();
}

/// The only span of the layer, which ended once.
pub(crate) fn span_of_layer(spans: &TestSpans) -> SpanData {
    let all = spans.finished();
    let mut of_layer = all.iter().filter(|it| it.span.name != "query");
    let (first, second) = (of_layer.next(), of_layer.next());
    assert!(second.is_none(), "a second span: {second:?}");
    first.expect("a span of the layer").span.clone()
}

pub(crate) fn error_type(span: &SpanData) -> Option<&str> {
    span.text("error.type")
}

pub(crate) fn is_unset(span: &SpanData) -> bool {
    span.status == StatusData::Unset
}
