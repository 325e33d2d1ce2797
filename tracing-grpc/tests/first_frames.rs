//! A layer that keeps tonic's body reads its first frames together with the response. The body's reader gets the same
//! frames, and the span has the same content.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use opentelemetry::ContextGuard;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use proptest::prelude::*;
use tonic::Status;
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::Recorder;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::ResponseHead;
use tracing_grpc::tonic::ServerLayer;

/// A step of a body when it is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Wait,
    /// Like [`Wait`](Step::Wait), but leaves another context attached.
    Litter,
    Data(usize),
    /// The last data. The body then reports its end.
    LastData(usize),
    Trailers(&'static str),
    Fail,
    Panic,
}

/// The current span at each poll of a body.
type Asked = Arc<Mutex<Vec<(TraceId, SpanId)>>>;

thread_local! {
    /// The contexts that bodies left attached.
    static LITTER: RefCell<Vec<ContextGuard>> = const { RefCell::new(Vec::new()) };
}

fn current() -> (TraceId, SpanId) {
    opentelemetry::Context::map_current(|context| {
        let span = context.span();
        (span.span_context().trace_id(), span.span_context().span_id())
    })
}

/// A body that follows a script and then ends.
struct Scripted {
    steps: VecDeque<Step>,
    asked: Asked,
    is_over: bool,
    knows_end: bool,
}

impl http_body::Body for Scripted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        assert!(!self.is_over, "asked after its end");
        let step = self.steps.pop_front();
        self.asked.lock().unwrap().push(current());
        self.is_over = matches!(step, None | Some(Step::LastData(_) | Step::Trailers(_) | Step::Fail));
        self.knows_end = matches!(step, Some(Step::LastData(_) | Step::Trailers(_)));
        match step {
            None => Poll::Ready(None),
            Some(Step::Wait) => Poll::Pending,
            Some(Step::Litter) => {
                let other = SpanContext::new(
                    TraceId::from(1),
                    SpanId::from(1),
                    TraceFlags::SAMPLED,
                    true,
                    TraceState::NONE,
                );
                let guard = opentelemetry::Context::new().with_remote_span_context(other).attach();
                LITTER.with_borrow_mut(|litter| litter.push(guard));
                Poll::Pending
            }
            Some(Step::Data(len) | Step::LastData(len)) => {
                Poll::Ready(Some(Ok(Frame::data(vec![7; len].into()))))
            }
            Some(Step::Trailers(code)) => Poll::Ready(Some(Ok(Frame::trailers(status(code))))),
            Some(Step::Fail) => Poll::Ready(Some(Err(Status::unavailable("as the script says")))),
            Some(Step::Panic) => panic!("as the script says"),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.knows_end
    }
}

fn status(code: &'static str) -> HeaderMap {
    let metadata = [("grpc-status", code), ("x-level", "3")];
    metadata.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// A service whose response has this body.
struct Answers<B>(Option<B>);

impl<B> Service<Request<Body>> for Answers<B>
where
    B: http_body::Body<Data = Bytes, Error = Status> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let mut response = Response::new(Body::new(self.0.take().unwrap()));
        response.headers_mut().insert("x-shelf", "7".parse().unwrap());
        ready(Ok(response))
    }
}

fn request(traceparent: Option<&str>) -> Request<Body> {
    let mut request = Request::post("http://shop.example/shop.v1.Stock/Watch").body(Body::empty()).unwrap();
    if let Some(traceparent) = traceparent {
        request.headers_mut().insert("traceparent", traceparent.parse().unwrap());
    }
    request
}

/// Returns the response of a service that does not wait.
fn answer<S, B>(mut service: S, request: Request<Body>) -> Response<B>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
        panic!("the answer is ready")
    };
    response
}

fn scripted(steps: &[Step]) -> (Scripted, Asked) {
    let asked = Asked::default();
    let body = Scripted {
        steps: steps.iter().copied().collect(),
        asked: Arc::clone(&asked),
        is_over: false,
        knows_end: false,
    };
    (body, asked)
}

/// Reads at most this many frames, like hyper: until a frame is the last, or there is an error.
fn read<B>(body: B, most: usize) -> Vec<Step>
where
    B: http_body::Body<Data = Bytes, Error = Status>,
{
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    let mut read = Vec::new();
    while read.len() < most && !body.is_end_stream() {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => read.push(Step::Wait),
            Poll::Ready(None) => break,
            Poll::Ready(Some(Err(_))) => {
                read.push(Step::Fail);
                break;
            }
            Poll::Ready(Some(Ok(frame))) => read.push(match frame.data_ref() {
                Some(data) => Step::Data(data.len()),
                None => Step::Trailers(if frame.trailers_ref().unwrap()["grpc-status"] == "0" {
                    "0"
                } else {
                    "13"
                }),
            }),
        }
    }
    read
}

/// Returns the content of a span without ids and times.
fn said(span: &SpanData) -> String {
    let events: Vec<_> = span.events.iter().map(|event| (&event.name, &event.attributes)).collect();
    format!("{} {:?} {:?} {events:?}", span.name, span.status, span.attributes)
}

/// Like [`read`], but without waits, because only their timing may differ.
fn frames(read: &[Step]) -> Vec<Step> {
    read.iter().copied().filter(|step| *step != Step::Wait).collect()
}

/// Returns the frames of a response through both kinds of layer, and the spans.
fn compare(steps: &[Step], most: usize, traceparent: Option<&str>) {
    let (kept, wrapped) = (TestSpans::new(), TestSpans::new());
    let layer = |spans: &TestSpans| {
        ServerLayer::new()
            .with_provider(spans.provider())
            .with_messages(5)
            .with_captured_response_metadata(["x-shelf".parse().unwrap(), "x-level".parse().unwrap()])
            .with_on_response(|_: &ResponseHead<'_>, span: &mut Recorder<'_>| {
                span.set("seen", true);
            })
    };
    let (body, asked) = scripted(steps);
    let service = layer(&kept).with_read_ahead().layer(Answers(Some(body)));
    let response = answer(service, request(traceparent));
    assert!(asked.lock().unwrap().len() <= 2, "{steps:?} was asked for too many");
    let from_kept = read(response.into_body(), most);
    LITTER.take();

    let (body, _) = scripted(steps);
    let service = layer(&wrapped).layer(Answers(Some(body)));
    let from_wrapped = read(answer(service, request(traceparent)).into_body(), most);
    LITTER.take();

    let is_whole = from_kept.len() < most && from_wrapped.len() < most;
    let count = frames(&from_kept).len().min(frames(&from_wrapped).len());
    assert_eq!(frames(&from_kept)[..count], frames(&from_wrapped)[..count], "{steps:?}");
    let (kept, wrapped) = (kept.finished(), wrapped.finished());
    assert_eq!(kept.len(), wrapped.len(), "{steps:?}");
    if is_whole {
        assert_eq!(frames(&from_kept), frames(&from_wrapped), "{steps:?}");
        for (kept, wrapped) in kept.iter().zip(&wrapped) {
            assert_eq!(said(&kept.span), said(&wrapped.span), "{steps:?}");
        }
    }
    let asked = asked.lock().unwrap();
    for in_context in &*asked {
        match kept.first() {
            Some(server) => {
                let of_server = (server.span.trace_id, server.span.span_id);
                assert_eq!(*in_context, of_server, "{steps:?} was asked in another context");
            }
            None => {
                assert_eq!(
                    in_context.0.to_string(),
                    UNSAMPLED[3..35],
                    "{steps:?} was asked in another trace"
                );
                assert_eq!(*in_context, asked[0], "{steps:?} was asked in two contexts");
            }
        }
    }
}

const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Wait),
        1 => Just(Step::Litter),
        6 => prop_oneof![0_usize..50, 32_760_usize..32_776].prop_map(Step::Data),
        1 => (0_usize..50).prop_map(Step::LastData),
        2 => prop_oneof![Just("0"), Just("13")].prop_map(Step::Trailers),
        1 => Just(Step::Fail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_makes_no_difference(
        steps in proptest::collection::vec(step(), 0..6),
        most in prop_oneof![1 => 0_usize..4, 3 => Just(100)],
        is_sampled in any::<bool>(),
    ) {
        compare(&steps, most, if is_sampled { None } else { Some(UNSAMPLED) });
    }
}

#[test]
fn a_unary_call_has_ended_when_its_answer_is_there() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_read_ahead().with_on_response(
        |head: &ResponseHead<'_>, span: &mut Recorder<'_>| {
            span.set("shop.shelf", head.metadata()["x-shelf"].to_str().unwrap());
        },
    );
    let (body, asked) = scripted(&[Step::Data(5), Step::Trailers("0")]);
    let response = answer(layer.layer(Answers(Some(body))), request(None));
    assert_eq!(asked.lock().unwrap().len(), 2);
    let span = spans.one("shop.v1.Stock/Watch");
    assert_eq!(span.text("rpc.response.status_code"), Some("OK"));
    assert_eq!(span.text("shop.shelf"), Some("7"), "the hook has its turn before the span ends");
    drop(response);
    assert_eq!(spans.finished().len(), 1);
}

#[test]
fn at_most_two_frames_of_a_stream_are_read_ahead() {
    for (steps, asked_for) in [
        (&[Step::Data(5), Step::Data(5), Step::Data(5)][..], 2),
        (&[Step::Data(32 * 1024), Step::Data(5)], 1),
        (&[Step::Data(32 * 1024 - 1), Step::Data(5)], 2),
        (&[Step::Wait, Step::Data(5)], 1),
        (&[Step::Trailers("0")], 1),
    ] {
        let (body, asked) = scripted(steps);
        let spans = TestSpans::new();
        let layer = ServerLayer::new().with_provider(spans.provider()).with_read_ahead();
        let response = answer(layer.layer(Answers(Some(body))), request(None));
        assert_eq!(asked.lock().unwrap().len(), asked_for, "{steps:?}");
        assert_eq!(spans.finished().len(), usize::from(steps == [Step::Trailers("0")]));
        drop(response);
        assert_eq!(spans.finished().len(), 1, "{steps:?}");
    }
}

#[test]
fn a_message_of_32_kib_leaves_its_trailers_to_the_body() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_read_ahead();
    let (body, _) = scripted(&[Step::Data(32 * 1024), Step::Trailers("0")]);
    let response = answer(layer.layer(Answers(Some(body))), request(None));
    assert!(spans.finished().is_empty());
    assert_eq!(read(response.into_body(), 100), [Step::Data(32 * 1024), Step::Trailers("0")]);
    assert_eq!(spans.one("shop.v1.Stock/Watch").text("rpc.response.status_code"), Some("OK"));
}

/// A body that has a message, waits to be woken, and has another. It may learn in the meantime that it has ended.
#[derive(Default)]
struct Woken {
    polls: usize,
    is_over: Arc<AtomicBool>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl http_body::Body for Woken {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.polls += 1;
        if self.polls == 2 || self.polls == 3 {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"level")))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

#[test]
fn a_frame_that_was_read_ahead_is_not_lost_if_the_body_ends_without_a_poll() {
    let layer = ServerLayer::new().with_provider(TestSpans::new().provider()).with_read_ahead();
    let body = Woken::default();
    let is_over = Arc::clone(&body.is_over);
    let response = answer(layer.layer(Answers(Some(body))), request(None));
    is_over.store(true, Ordering::Relaxed);
    assert_eq!(read(response.into_body(), 100), [Step::Data(5)]);
}

/// A waker that counts its calls.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_reader_of_the_rest_is_woken() {
    let layer = ServerLayer::new().with_provider(TestSpans::new().provider()).with_read_ahead();
    let body = Woken::default();
    let waker = Arc::clone(&body.waker);
    let (answered, reads) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (first, second) = (Waker::from(Arc::clone(&answered)), Waker::from(Arc::clone(&reads)));
    let mut service = layer.layer(Answers(Some(body)));
    let Poll::Ready(Ok(response)) = pin!(service.call(request(None))).poll(&mut Context::from_waker(&first))
    else {
        panic!("the answer is ready")
    };
    let mut body = pin!(response.into_body());
    let mut cx = Context::from_waker(&second);
    assert!(body.as_mut().poll_frame(&mut cx).is_ready(), "taken with the answer");
    assert!(body.as_mut().poll_frame(&mut cx).is_pending());
    waker.lock().unwrap().take().unwrap().wake();
    assert_eq!((answered.0.load(Ordering::Relaxed), reads.0.load(Ordering::Relaxed)), (0, 1));
    assert!(body.as_mut().poll_frame(&mut cx).is_ready());
}

/// A service that waits once before it answers.
struct AnswersLater {
    body: Option<Scripted>,
    asked: Asked,
}

impl Service<Request<Body>> for AnswersLater {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let (body, asked) = (self.body.take().unwrap(), Arc::clone(&self.asked));
        Box::pin(async move {
            let mut waited = false;
            poll_fn(|_| {
                asked.lock().unwrap().push(current());
                let polled = if waited { Poll::Ready(()) } else { Poll::Pending };
                waited = true;
                polled
            })
            .await;
            Ok(Response::new(Body::new(body)))
        })
    }
}

#[test]
fn a_service_that_waits_runs_in_one_context() {
    for traceparent in [None, Some(UNSAMPLED)] {
        let spans = TestSpans::new();
        let layer = ServerLayer::new().with_provider(spans.provider()).with_read_ahead();
        let (body, asked) = scripted(&[Step::Data(5), Step::Wait, Step::Trailers("0")]);
        let mut service = layer.layer(AnswersLater { body: Some(body), asked: Arc::clone(&asked) });
        let mut cx = Context::from_waker(Waker::noop());
        let mut answer = pin!(service.call(request(traceparent)));
        assert!(answer.as_mut().poll(&mut cx).is_pending());
        let Poll::Ready(Ok(response)) = answer.poll(&mut cx) else { panic!("the answer is ready") };
        assert_eq!(read(response.into_body(), 100), [Step::Data(5), Step::Trailers("0")]);
        let asked = asked.lock().unwrap();
        let expected = match traceparent {
            None => {
                let span = spans.one("shop.v1.Stock/Watch");
                (span.trace_id, span.span_id)
            }
            Some(_) => asked[0],
        };
        assert_eq!(*asked, [expected; 5]);
        assert!(traceparent.is_none_or(|text| text.contains(&expected.0.to_string())));
        assert_eq!(current(), (TraceId::INVALID, SpanId::INVALID), "nothing is left attached");
    }
}

#[test]
fn a_stream_that_panics_when_its_first_frames_are_read() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_read_ahead();
    let (body, _) = scripted(&[Step::Data(5), Step::Panic]);
    let service = layer.layer(Answers(Some(body)));
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| answer(service, request(None)))).is_err());
    let span = spans.one("shop.v1.Stock/Watch");
    assert_eq!((span.text("error.type"), span.is_error()), (Some("panic"), true));
    assert!(!opentelemetry::Context::map_current(|context| context.has_active_span()));
}

/// A body that holds a span of its own.
struct Working {
    steps: Scripted,
    _work: tracing_core_lite::Span,
}

impl http_body::Body for Working {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.steps).poll_frame(cx)
    }
}

#[test]
fn spans_within_end_first() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_read_ahead();
    let (steps, _) = scripted(&[Step::Data(5), Step::Trailers("0")]);
    let body = Working { steps, _work: spans.tracer().span("work").start() };
    let _response = answer(layer.layer(Answers(Some(body))), request(None));
    let end = |name: &str| spans.one(name).end_time_unix_nano;
    assert!(end("work") <= end("shop.v1.Stock/Watch"));
}

/// A body that knows its size.
struct Sized(Option<Bytes>);

impl http_body::Body for Sized {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |data| data.len() as u64))
    }
}

#[test]
fn the_size_hint_of_a_body_is_kept() {
    let layer = ServerLayer::new().with_provider(TestSpans::new().provider()).with_read_ahead();
    let body = Sized(Some(Bytes::from_static(b"not found")));
    let response = answer(layer.layer(Answers(Some(body))), request(None));
    assert_eq!(response.body().size_hint().exact(), Some(9));
    let (body, _) = scripted(&[Step::Data(5), Step::Trailers("0")]);
    let response = answer(layer.layer(Answers(Some(body))), request(None));
    assert_eq!(
        response.body().size_hint().exact(),
        None,
        "what is left of it has a size, but it has trailers too"
    );
}
