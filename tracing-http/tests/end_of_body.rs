//! A server span ends with the body, whatever the body's type.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use support::{attribute, only, send, serve};
use tower::{Layer, ServiceExt};
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::ServerLayer;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Step = (u64, Result<Frame<Bytes>, BoxError>);

/// A body of frames, each after a pause in milliseconds.
fn paced(steps: Vec<Step>) -> Body {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        for (pause, frame) in steps {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if sender.send(frame).await.is_err() {
                break;
            }
        }
    });
    let frames = from_poll(move |cx| receiver.poll_recv(cx));
    Body::new(StreamBody::new(frames))
}

fn from_poll<T>(
    poll: impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>> + Unpin,
) -> impl futures_core::Stream<Item = T> {
    struct PollFn<F>(F);
    impl<T, F: FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>> + Unpin> futures_core::Stream
        for PollFn<F>
    {
        type Item = T;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<T>> {
            (self.0)(cx)
        }
    }
    PollFn(poll)
}

fn data(pause: u64, text: &'static str) -> Step {
    (pause, Ok(Frame::data(Bytes::from_static(text.as_bytes()))))
}

/// Returns the span of one request to a handler that answers with `make()`.
async fn span_of(
    line: &str,
    make: impl Fn() -> Response<Body> + Clone + Send + Sync + 'static,
) -> (SpanData, String) {
    let handler = move || {
        let response = make();
        async move { response }
    };
    let router = || Router::new().route("/", axum::routing::any(handler.clone()));
    let (spans, layer) = layer();
    let told = span_of_app(line, router().layer(layer), &spans).await;

    // axum's own body type behaves in the same way.
    let (spans, layer) = self::layer();
    let (span, answer) = span_of_app(line, router().layer(layer), &spans).await;
    let said = |span: &SpanData| {
        let mut attributes: Vec<_> =
            span.attributes.iter().map(|attribute| format!("{attribute:?}")).collect();
        attributes.retain(|attribute| !attribute.contains(".port"));
        (
            attributes,
            span.status.clone(),
            span.events.iter().map(|event| event.name.clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(said(&span), said(&told.0));
    let without_date = |answer: &str| answer.lines().filter(|line| !line.starts_with("date")).count();
    assert_eq!(without_date(&answer), without_date(&told.1), "{answer} is not {}", told.1);
    told
}

fn layer() -> (TestSpans, ServerLayer) {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_body_sizes(true);
    (spans, layer)
}

async fn span_of_app(line: &str, app: Router, spans: &TestSpans) -> (SpanData, String) {
    let address = serve(app).await;
    let answer = send(address, &format!("{line} HTTP/1.1\r\nHost: x")).await;
    (only(spans).await, answer)
}

fn assert_complete(span: &SpanData, size: &str) {
    assert_eq!(span.status, StatusData::Unset);
    assert_eq!(attribute(span, "error.type"), None);
    assert!(span.events.is_empty(), "{:?}", span.events);
    assert_eq!(attribute(span, "http.response.body.size").as_deref(), Some(size));
}

#[tokio::test]
async fn streamed() {
    let (span, answer) =
        span_of("GET /", || Response::new(paced(vec![data(0, "a"), data(150, "b"), data(150, "c")]))).await;
    assert!(answer.ends_with("\r\n0\r\n\r\n"), "{answer}");
    assert!(span.duration() >= Duration::from_millis(290), "{:?}", span.duration());
    assert_complete(&span, "3");
}

/// hyper takes the only frame and does not poll again.
#[tokio::test]
async fn exact_length() {
    let (span, _) = span_of("GET /", || Response::new(Body::from("hello"))).await;
    assert_complete(&span, "5");
}

/// hyper drops the body once it has sent as many bytes as announced.
#[tokio::test]
async fn announced_length() {
    let (span, answer) = span_of("GET /", || {
        let body = paced(vec![data(0, "he"), data(50, "llo"), (5_000, Ok(Frame::data(Bytes::new())))]);
        Response::builder().header("content-length", 5).body(body).unwrap()
    })
    .await;
    assert!(answer.ends_with("hello"), "{answer}");
    assert_complete(&span, "5");
}

#[tokio::test]
async fn trailers() {
    let (span, _) = span_of("GET /", || {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", "1".parse().unwrap());
        Response::new(paced(vec![data(0, "a"), (20, Ok(Frame::trailers(trailers)))]))
    })
    .await;
    assert_complete(&span, "1");
}

#[tokio::test]
async fn without_a_body() {
    for (line, status) in [("GET /", 204), ("GET /", 304), ("HEAD /", 200), ("GET /", 200)] {
        let (span, _) = span_of(line, move || {
            let body = if line.starts_with("HEAD") { Body::from("not sent") } else { Body::empty() };
            Response::builder().status(status).body(body).unwrap()
        })
        .await;
        assert_complete(&span, "0");
        assert_eq!(attribute(&span, "http.response.status_code"), Some(status.to_string()));
    }
}

#[tokio::test]
async fn broken() {
    let (span, _) = span_of("GET /", || {
        let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Response::new(paced(vec![data(0, "a"), (20, Err(error.into()))]))
    })
    .await;
    assert!(span.is_error());
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("timeout"));
    assert_eq!(attribute(&span, "http.response.status_code").as_deref(), Some("200"));
}

#[tokio::test]
async fn statuses() {
    for (status, failed) in [(200, false), (302, false), (404, false), (499, false), (500, true), (503, true)]
    {
        let (span, _) =
            span_of("GET /", move || Response::builder().status(status).body(Body::from("x")).unwrap()).await;
        assert_eq!(span.is_error(), failed, "{status}");
        assert_eq!(attribute(&span, "error.type"), failed.then(|| status.to_string()));
        assert_eq!(attribute(&span, "http.response.status_code"), Some(status.to_string()));
    }
}

#[tokio::test]
async fn upgrade() {
    let (span, answer) = span_of("GET /", || {
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "upgrade")
            .header("upgrade", "echo")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert_complete(&span, "0");
}

#[tokio::test]
async fn error_of_the_service() {
    #[derive(Debug, thiserror::Error)]
    #[error("order {0} is gone")]
    struct OrderError(u32);

    let spans = TestSpans::new();
    let inner =
        tower::service_fn(|_: http::Request<()>| async { Err::<Response<Full<Bytes>>, _>(OrderError(4711)) });
    let service = ServerLayer::new().with_provider(spans.provider()).layer(inner);
    assert!(service.oneshot(http::Request::new(())).await.is_err());
    let span = only(&spans).await;
    assert!(span.is_error());
    let class = attribute(&span, "error.type").unwrap();
    assert!(class.ends_with("OrderError") && !class.contains("4711"), "{class}");
    assert_eq!(attribute(&span, "http.response.status_code"), None);
}

/// Bodies that are empty from the start, or are polled after their end, do not end the span twice.
#[tokio::test]
async fn ends_once() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider());
    let empty = layer.layer(tower::service_fn(|_: http::Request<()>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Empty::<Bytes>::new()))
    }));
    let mut body = empty.oneshot(http::Request::new(())).await.unwrap().into_body();
    assert!(body.frame().await.is_none());
    assert!(body.frame().await.is_none());
    drop(body);
    assert_complete_without_size(&only(&spans).await);
}

fn assert_complete_without_size(span: &SpanData) {
    assert_eq!((&span.status, span.events.len()), (&StatusData::Unset, 0));
}

#[tokio::test]
async fn get_is_used() {
    // Unlike `get`, the `any` above also answers HEAD with a body.
    let spans = TestSpans::new();
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(ServerLayer::new().with_provider(spans.provider()));
    let address = serve(app).await;
    send(address, "HEAD / HTTP/1.1\r\nHost: x").await;
    let span = only(&spans).await;
    assert_eq!(span.name, "HEAD /");
    assert_complete_without_size(&span);
}
