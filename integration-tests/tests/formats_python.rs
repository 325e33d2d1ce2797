//! A trace goes to a Python program and back in every format, over HTTP and over Kafka: with OpenTelemetry's propagators for
//! B3, Jaeger, X-Ray and OT Trace, and with ddtrace for Datadog. The first run needs PyPI.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

#[path = "../python/peer.rs"]
mod peer;

use std::collections::HashMap;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use peer::Peer;
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::FutureRecord;
use serde_json::Value;
use tower::{Layer, ServiceExt};
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::opentelemetry::KeyValue;
use tracing_core_lite::opentelemetry::baggage::BaggageExt;
use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;
use tracing_kafka::{Settings, TracedFutureProducer, TracedStreamConsumer};

/// The peer, in the folder of the Python programs.
const PROGRAM: &str = "formats_interop/peer.py";
const TIMEOUT: Duration = Duration::from_secs(40);
const FORMATS: [&str; 6] = ["b3", "b3multi", "jaeger", "xray", "ottrace", "datadog"];

/// Spans of a sampled or unsampled trace in one format.
struct Side {
    spans: TestSpans,
    propagator: Propagator,
    context: Context,
}

impl Side {
    fn new(format: &str) -> Self {
        let spans = TestSpans::new();
        let propagator = Propagator::from_names(format).unwrap();
        let work = spans.tracer().span("work").start();
        let context = work.in_context(&Context::new().with_baggage([KeyValue::new("key", "a b")]));
        Self { spans, propagator, context }
    }

    async fn of_kind(&self, kind: SpanKind, count: usize) -> SpanData {
        let spans = self.spans.clone();
        let all = tokio::task::spawn_blocking(move || spans.wait_for(count)).await.unwrap();
        all.into_iter().map(|it| it.span).find(|span| span.kind == kind).unwrap()
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// Checks that Python has read the span that we `sent`, and that we have received the span that Python sent.
fn check(format: &str, sent: &SpanData, read: &Value, received: &SpanData) {
    let trace = sent.trace_id.to_string();
    // OT Trace carries half of an id.
    let carried = if format == "ottrace" { format!("{:0>32}", &trace[16..]) } else { trace };
    assert_eq!(text(read, "trace_id"), carried, "{format}: {read}");
    assert_eq!(text(read, "parent"), sent.span_id.to_string(), "{format}: {read}");
    assert_eq!(read["sampled"], true, "{format}: {read}");
    if matches!(format, "jaeger" | "ottrace") {
        assert_eq!(read["baggage"]["key"], "a b", "{format}: {read}");
    }
    assert_eq!(received.trace_id.to_string(), carried, "{format}");
    assert_eq!(received.parent_span_id.to_string(), text(read, "span_id"), "{format}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http() {
    let sides: HashMap<&str, Side> = FORMATS.map(|format| (format, Side::new(format))).into();
    let mut app = Router::new();
    for format in FORMATS {
        let side = &sides[format];
        let layer =
            ServerLayer::new().with_provider(side.spans.provider()).with_propagator(side.propagator.clone());
        app = app.merge(Router::new().route(&format!("/{format}"), get(|| async { "ok" })).layer(layer));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut peer = tokio::task::spawn_blocking(move || Peer::start(PROGRAM, &["http", &url])).await.unwrap();
    let (port, peer) = tokio::task::spawn_blocking(move || (peer.line(), peer)).await.unwrap();

    for format in FORMATS {
        let side = &sides[format];
        let hyper = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
            .build_http::<Empty<bytes::Bytes>>();
        let layer =
            ClientLayer::new().with_provider(side.spans.provider()).with_propagator(side.propagator.clone());
        let request =
            http::Request::get(format!("http://127.0.0.1:{port}/{format}")).body(Empty::new()).unwrap();
        let call = async {
            let response = layer.layer(hyper).oneshot(request).await.unwrap();
            assert!(response.status().is_success(), "{format}");
            response.into_body().collect().await.unwrap().to_bytes()
        };
        let body = tokio::time::timeout(TIMEOUT, call.in_context(side.context.clone())).await.unwrap();
        let read: Value = serde_json::from_slice(&body).unwrap();
        let (sent, received) =
            (side.of_kind(SpanKind::Client, 3).await, side.of_kind(SpanKind::Server, 3).await);
        check(format, &sent, &read, &received);
    }
    drop(peer);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_kafka() {
    let cluster = MockCluster::new(1).unwrap();
    let brokers = cluster.bootstrap_servers();
    cluster.create_topic("there", 1, 1).unwrap();
    cluster.create_topic("back", 1, 1).unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &brokers).set("group.id", "back").set("auto.offset.reset", "earliest");
    let sides: HashMap<&str, Side> = FORMATS.map(|format| (format, Side::new(format))).into();
    let settings = |side: &Side| {
        Settings::new().with_provider(side.spans.provider()).with_propagator(side.propagator.clone())
    };
    for format in FORMATS {
        let side = &sides[format];
        let producer: TracedFutureProducer = TracedFutureProducer::create(&config, settings(side)).unwrap();
        let record = FutureRecord::to("there").key(format).payload("x");
        let sent = producer.send(record, TIMEOUT).in_context(side.context.clone()).await;
        sent.map_err(|(error, _)| error).unwrap();
    }
    let run = move || Peer::start(PROGRAM, &["kafka", &brokers, "there", "back"]).spans();
    let all_read = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(all_read.len(), FORMATS.len());

    let all = Propagator::from_names(&FORMATS.join(",")).unwrap();
    let spans = TestSpans::new();
    let consumer: StreamConsumer = config.create().unwrap();
    let settings = Settings::new().with_provider(spans.provider()).with_propagator(all);
    let consumer = TracedStreamConsumer::with_config(consumer, &config, settings);
    consumer.subscribe(&["back"]).unwrap();
    for read in &all_read {
        let format = text(read, "format");
        let message = tokio::time::timeout(TIMEOUT, consumer.recv()).await.unwrap().unwrap();
        assert_eq!(message.key(), Some(format.as_bytes()));
        message.start_processing().end();
        let received = spans.finished().pop().unwrap().span;
        let sent = sides[format].of_kind(SpanKind::Producer, 2).await;
        check(format, &sent, read, &received);
    }
}
