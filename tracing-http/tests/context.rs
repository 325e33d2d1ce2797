//! The span is current whenever the service is polled, and no context stays attached to the thread.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};

use http::{Request, Response};
use http_body_util::Empty;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use support::UNSAMPLED;
use tower::{Layer, Service};
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::ServerLayer;

type Body = Empty<bytes::Bytes>;

/// Returns the current ids at each of three polls of a request that waits twice, and after each of them.
fn polled(spans: &TestSpans, traceparent: &str, at_first: fn()) -> (Vec<SpanId>, Vec<SpanId>) {
    let current = || Context::current().span().span_context().span_id();
    let inside = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&inside);
    let inner = tower::service_fn(move |_: Request<Body>| {
        let seen = Arc::clone(&seen);
        poll_fn(move |_| {
            let mut seen = seen.lock().unwrap();
            seen.push(current());
            match seen.len() {
                1 => at_first(),
                2 => {}
                _ => return Poll::Ready(Ok::<_, Infallible>(Response::new(Body::new()))),
            }
            Poll::Pending
        })
    });
    let mut service = ServerLayer::new().with_provider(spans.provider()).layer(inner);
    let request = Request::get("/").header("traceparent", traceparent).body(Body::new()).unwrap();
    let mut response = pin!(service.call(request));
    let mut after = Vec::new();
    for poll in 1..=3 {
        let outcome = response.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
        assert_eq!(outcome.is_ready(), poll == 3);
        after.push(current());
    }
    let inside = inside.lock().unwrap().clone();
    (inside, after)
}

#[test]
fn the_same_at_every_poll() {
    let spans = TestSpans::new();
    let sampled = UNSAMPLED.replace("-00", "-01");
    for traceparent in [UNSAMPLED, &sampled] {
        let (inside, after) = polled(&spans, traceparent, || {});
        assert!(inside[0] != SpanId::INVALID && inside.iter().all(|id| *id == inside[0]), "{inside:?}");
        assert_eq!(after, [SpanId::INVALID; 3], "{traceparent}");
    }
    assert_eq!(spans.finished().len(), 1);
}

/// Such a guard can live across an await if futures need not be `Send`.
#[test]
fn a_context_that_is_left_attached_is_not_taken_for_the_spans() {
    let spans = TestSpans::new();
    let (inside, _) = polled(&spans, &UNSAMPLED.replace("-00", "-01"), || {
        let flags = TraceFlags::SAMPLED;
        let other = SpanContext::new(TraceId::from(9), SpanId::from(9), flags, true, TraceState::NONE);
        std::mem::forget(Context::new().with_remote_span_context(other).attach());
    });
    let span = spans.finished().remove(0).span;
    assert_eq!(inside, [span.span_id; 3]);
}
