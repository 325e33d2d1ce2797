//! The span of a cancelled request ends at the cancellation, even if work that it spawned continues.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use support::{attribute, only, open, send, serve};
use tokio::io::AsyncReadExt;
use tower::{Layer, Service, ServiceExt};
use tracing_core_lite::context;
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::ServerLayer;

fn assert_cancelled(span: &SpanData, status_code: Option<&str>) {
    assert_eq!(span.status, StatusData::Unset, "the server did not fail");
    assert_eq!(attribute(span, "error.type"), None, "the server did not fail");
    assert_eq!(attribute(span, "tracing_suite.outcome").as_deref(), Some("cancelled"));
    assert_eq!(attribute(span, "http.response.status_code").as_deref(), status_code);
    let events: Vec<&str> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["cancelled"]);
}

fn layer(spans: &TestSpans) -> ServerLayer {
    ServerLayer::new().with_provider(spans.provider())
}

#[tokio::test]
async fn client_leaves_before_the_response() {
    let spans = TestSpans::new();
    let entered = Arc::new(tokio::sync::Notify::new());
    let notify = Arc::clone(&entered);
    let handler = move || {
        let notify = Arc::clone(&notify);
        async move {
            notify.notify_one();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    };
    let address = serve(Router::new().route("/", get(handler)).layer(layer(&spans))).await;
    let stream = open(address, b"GET / HTTP/1.1\r\nHost: x").await;
    entered.notified().await;
    drop(stream);
    assert_cancelled(&only(&spans).await, None);
}

/// A body that never ends, one byte every few milliseconds.
fn endless() -> Body {
    struct Endless(tokio::time::Interval);
    impl futures_core::Stream for Endless {
        type Item = Result<Frame<Bytes>, std::convert::Infallible>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            self.0.poll_tick(cx).map(|_| Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }
    Body::new(StreamBody::new(Endless(tokio::time::interval(Duration::from_millis(5)))))
}

#[tokio::test]
async fn client_leaves_in_the_middle_of_the_body() {
    let spans = TestSpans::new();
    let app = Router::new().route("/", get(|| async { Response::new(endless()) })).layer(layer(&spans));
    let mut stream = open(serve(app).await, b"GET / HTTP/1.1\r\nHost: x").await;
    let mut first = [0; 64];
    assert!(stream.read(&mut first).await.unwrap() > 0);
    drop(stream);
    assert_cancelled(&only(&spans).await, Some("200"));
}

#[tokio::test]
async fn dropped_body() {
    let spans = TestSpans::new();
    let app = Router::new().route("/", get(|| async { Response::new(endless()) })).layer(layer(&spans));
    let mut body = app.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    drop(body);
    assert_cancelled(&only(&spans).await, Some("200"));
}

/// A server error is recorded as such, whether or not the client reads the page.
#[tokio::test]
async fn dropped_body_of_an_error() {
    let spans = TestSpans::new();
    let handler = || async { Response::builder().status(500).body(endless()).unwrap() };
    let app = Router::new().route("/", get(handler)).layer(layer(&spans));
    drop(app.oneshot(Request::new(Body::empty())).await.unwrap());
    let span = only(&spans).await;
    assert!(span.is_error());
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("500"));
    assert_eq!(span.events.len(), 1);
}

#[tokio::test]
async fn future_that_is_never_polled() {
    let spans = TestSpans::new();
    let mut app = Router::new().route("/", get(|| async {})).layer(layer(&spans));
    let future = Service::<Request<Body>>::call(&mut app, Request::new(Body::empty()));
    drop(future);
    drop(app);
    // axum calls the inner service when the future is first polled, so there is no request yet.
    assert_eq!(spans.finished().len(), 0);

    let inner = tower::service_fn(|_: Request<()>| async {
        Ok::<_, std::convert::Infallible>(Response::new(endless()))
    });
    drop(layer(&spans).layer(inner).call(Request::new(())));
    assert_cancelled(&only(&spans).await, None);
}

/// Spans within a dropped request end before the request's span.
#[tokio::test]
async fn inner_spans_end_first() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let inner = tower::service_fn(move |_: Request<()>| {
        let tracer = tracer.clone();
        async move {
            let _span = tracer.span("inner").start();
            std::future::pending::<Result<Response<Body>, std::convert::Infallible>>().await
        }
    });
    let mut service = layer(&spans).layer(inner);
    let _elapsed = tokio::time::timeout(Duration::from_millis(5), service.call(Request::new(()))).await;
    spans.assert_tree("GET\n  inner");
    let all: Vec<_> = spans.finished().into_iter().map(|finished| finished.span).collect();
    let end = |name: &str| all.iter().find(|span| span.name == name).unwrap().end_time_unix_nano;
    assert!(end("inner") <= end("GET"));
}

#[tokio::test]
async fn spawned_work_does_not_stretch_the_span() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let finish = Arc::new(tokio::sync::Notify::new());
    let finished = finish.clone();
    let handler = move || {
        let (tracer, finished) = (tracer.clone(), finished.clone());
        async move {
            context::spawn(async move {
                finished.notified().await;
                tracer.span("mail").start().end();
            });
            "accepted"
        }
    };
    let address = serve(Router::new().route("/", get(handler)).layer(layer(&spans))).await;
    send(address, "GET / HTTP/1.1\r\nHost: x").await;
    // The request's span has ended while the spawned work continues.
    let span = only(&spans).await;
    finish.notify_one();
    let all = support::wait_for(&spans, 2).await;
    assert_eq!(all[1].parent_span_id, span.span_id);
}

#[tokio::test]
async fn panics() {
    for in_body in [false, true] {
        let spans = TestSpans::new();
        let handler = move || async move {
            assert!(in_body, "in the handler");
            let panics = from_fn(|| panic!("in the body"));
            Response::new(Body::new(StreamBody::new(panics)))
        };
        let address = serve(Router::new().route("/", get(handler)).layer(layer(&spans))).await;
        send(address, "GET / HTTP/1.1\r\nHost: x").await;
        let span = only(&spans).await;
        assert!(span.is_error());
        assert_eq!(attribute(&span, "error.type").as_deref(), Some("panic"));
        assert_eq!(attribute(&span, "http.response.status_code"), in_body.then(|| "200".to_owned()));
    }
}

fn from_fn(
    next: impl FnMut() -> Option<Result<Frame<Bytes>, std::convert::Infallible>> + Unpin,
) -> impl futures_core::Stream<Item = Result<Frame<Bytes>, std::convert::Infallible>> {
    struct FromFn<F>(F);
    impl<F> futures_core::Stream for FromFn<F>
    where
        F: FnMut() -> Option<Result<Frame<Bytes>, std::convert::Infallible>> + Unpin,
    {
        type Item = Result<Frame<Bytes>, std::convert::Infallible>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready((self.0)())
        }
    }
    FromFn(next)
}
