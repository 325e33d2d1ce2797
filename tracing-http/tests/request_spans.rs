//! With a setting of the subscriber layer, the span of the HTTP layer is the current span of `tracing`.

use std::io;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tracing::level_filters::LevelFilter;
use tracing::{Instrument as _, info, info_span};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{log, subscriber};
use tracing_http::axum::ServerLayer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// `tracing` caches for the whole process which subscribers want a callsite, so these tests take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("lines are UTF-8")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn handler() -> &'static str {
    let span = tracing::Span::current();
    span.record("user.id", 7);
    span.record("unknown", 1);
    subscriber::SpanExt::set_attribute(&span, "shop.tier", "gold");
    info!("in the handler");
    let task = async { info_span!("in the task").in_scope(|| info!("in the task")) };
    tokio::spawn(task.in_current_span()).await.expect("no panic");
    "ok"
}

/// Makes a request, and returns the spans and the log lines.
async fn request(request_spans: bool, filter: Targets, sampled: bool) -> (TestSpans, String) {
    let (spans, lines) = (TestSpans::new(), Lines::default());
    let mut layer = subscriber::layer().with_tracer(spans.tracer()).with_threads(false);
    if request_spans {
        layer = layer.with_request_spans(["user.id"]);
    }
    let format =
        tracing_subscriber::fmt::layer().event_format(log::text("orders")).with_writer(lines.clone());
    let guard = tracing_subscriber::registry().with(layer.with_filter(filter)).with(format).set_default();
    let router = Router::new()
        .route("/orders", get(handler))
        .layer(ServerLayer::new().with_provider(spans.provider()));
    let flags = if sampled { "01" } else { "00" };
    let parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
    let request = Request::get("/orders").header("traceparent", parent).body(Body::empty()).expect("valid");
    let response = router.oneshot(request).await.expect("infallible");
    response.into_body().collect().await.expect("a body");
    drop(guard);
    (spans, lines.text())
}

fn all() -> Targets {
    Targets::new().with_default(LevelFilter::TRACE)
}

#[tokio::test]
async fn tasks_records_events_and_log_lines_belong_to_the_span_of_the_request() {
    let _turn = TURN.lock().await;
    let (spans, lines) = request(true, all(), true).await;
    let server = spans.one("GET /orders");
    assert_eq!((server.int("user.id"), server.text("shop.tier")), (Some(7), Some("gold")));
    assert!(server.attribute("unknown").is_none());
    assert_eq!(server.events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["in the handler"]);
    let task = spans.one("in the task");
    assert_eq!((task.trace_id, task.parent_span_id), (server.trace_id, server.span_id));
    let expected = [("in the handler", &server), ("in the task", &task)];
    for (line, (message, span)) in lines.lines().zip(expected) {
        assert!(line.contains(message) && line.contains(" request{user.id=7}:"), "{line}");
        assert!(line.ends_with(&format!("trace_id={} span_id={}", span.trace_id, span.span_id)), "{line}");
    }
    assert_eq!(spans.finished().len(), 2, "the span of the request is recorded once");
}

#[tokio::test]
async fn a_filter_that_hides_the_span_leaves_the_trace_unchanged() {
    let _turn = TURN.lock().await;
    for (setting, filter) in
        [(true, all().with_target("tracing_suite::request", LevelFilter::OFF)), (false, all())]
    {
        let (spans, lines) = request(setting, filter, true).await;
        let server = spans.one("GET /orders");
        assert!(server.events.is_empty() && server.attribute("user.id").is_none());
        assert_eq!(server.int("http.response.status_code"), Some(200));
        let in_handler = lines.lines().next().expect("a line");
        assert!(in_handler.ends_with(&format!("span_id={}", server.span_id)), "{in_handler}");
    }
}

#[tokio::test]
async fn an_unsampled_request_stays_in_its_trace() {
    let _turn = TURN.lock().await;
    let (spans, lines) = request(true, all(), false).await;
    assert!(spans.finished().is_empty());
    for line in lines.lines() {
        assert!(line.contains("trace_id=4bf92f3577b34da6a3ce929d0e0e4736"), "{line}");
    }
}

#[tokio::test]
async fn no_span_stays_open() {
    let _turn = TURN.lock().await;
    let spans = TestSpans::new();
    let layer = subscriber::layer().with_tracer(spans.tracer()).with_request_spans(["user.id"]);
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let guard = tracing::dispatcher::set_default(&dispatch);
    let router = Router::new()
        .route("/orders", get(handler))
        .layer(ServerLayer::new().with_provider(spans.provider()));
    for cancelled in [false, true] {
        let request = Request::get("/orders").body(Body::empty()).expect("valid");
        let response = router.clone().oneshot(request);
        if cancelled {
            let mut response = std::pin::pin!(response);
            let polled = std::future::poll_fn(|cx| Poll::Ready(response.as_mut().poll(cx).is_pending()));
            assert!(polled.await, "the handler waits for its task");
        } else {
            response.await.expect("infallible").into_body().collect().await.expect("a body");
        }
    }
    // The task of the cancelled request goes on for a while.
    let layer = dispatch.downcast_ref::<subscriber::SpanLayer>().expect("the layer is there");
    while layer.live_spans() > 0 {
        tokio::task::yield_now().await;
    }
    drop(guard);
}

#[tokio::test]
async fn records_of_the_log_crate_carry_the_ids() {
    let _turn = TURN.lock().await;
    let (spans, lines) = (TestSpans::new(), Lines::default());
    let layer = subscriber::layer().with_tracer(spans.tracer());
    let format =
        tracing_subscriber::fmt::layer().event_format(log::text("orders")).with_writer(lines.clone());
    let guard = tracing_subscriber::registry().with(layer).with(format).set_default();
    tracing_log::LogTracer::init().expect("the first logger");
    ::log::set_max_level(::log::LevelFilter::Info);
    info_span!("work").in_scope(|| ::log::info!(target: "driver", "connected"));
    drop(guard);
    let span = spans.one("work");
    let text = lines.text();
    assert!(
        text.trim_end().ends_with(&format!("trace_id={} span_id={}", span.trace_id, span.span_id)),
        "{text}"
    );
    assert_eq!(span.events.len(), 1);
}
