//! The span of a sent message ends when the broker reports the delivery, no matter when the report is read.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{DefaultProducerContext, FutureRecord, Producer};
use support::{LONG, config_of, producer, settings, soon, unique};
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{TracedFutureProducer, WrappedFutureProducer};

/// A cluster in this process, and a topic.
struct Cluster {
    config: ClientConfig,
    topic: String,
    spans: TestSpans,
    _mock: MockCluster<'static, DefaultProducerContext>,
}

impl Cluster {
    fn new() -> Self {
        let mock = MockCluster::new(1).unwrap();
        let topic = unique("reported");
        mock.create_topic(&topic, 1, 1).unwrap();
        Self { config: config_of(&mock.bootstrap_servers()), topic, spans: TestSpans::new(), _mock: mock }
    }

    fn record(&self) -> FutureRecord<'_, (), str> {
        FutureRecord::to(&self.topic).payload("x")
    }

    fn wrapped(&self) -> WrappedFutureProducer {
        let inner = self.config.create().unwrap();
        WrappedFutureProducer::with_config(inner, &self.config, settings(&self.spans))
    }

    fn finished(&self) -> Vec<SpanData> {
        support::named(&self.spans, &format!("send {}", self.topic))
    }

    /// Returns the only span, which must have the report.
    fn reported(&self) -> SpanData {
        let span = self.spans.one(&format!("send {}", self.topic));
        assert_eq!(span.int("messaging.kafka.offset"), Some(0), "{span:?}");
        assert_eq!(span.text("messaging.destination.partition.id"), Some("0"), "{span:?}");
        assert!(span.events.is_empty() && !span.is_error(), "{span:?}");
        span
    }

    async fn ended(&self) {
        while self.finished().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    fn wait_for_span(&self) -> SpanData {
        let start = SystemTime::now();
        while self.finished().is_empty() {
            assert!(start.elapsed().unwrap() < LONG, "the span is still open");
            std::thread::yield_now();
        }
        self.reported()
    }
}

fn unix_nanos() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

#[test]
fn a_created_producer_ends_them_without_a_runtime_and_without_a_reader() {
    let cluster = Cluster::new();
    let producer: TracedFutureProducer = producer(&cluster.config, settings(&cluster.spans));
    let report = producer.send_result(cluster.record()).map_err(|(error, _)| error).unwrap();
    producer.flush(LONG).unwrap();
    cluster.wait_for_span();
    drop(report);
    cluster.reported();
}

#[test]
fn a_created_producer_ends_them_when_the_future_was_dropped_before() {
    let cluster = Cluster::new();
    let producer: TracedFutureProducer = producer(&cluster.config, settings(&cluster.spans));
    drop(producer.send_result(cluster.record()).map_err(|(error, _)| error).unwrap());
    producer.flush(LONG).unwrap();
    cluster.wait_for_span();
}

#[tokio::test]
async fn a_created_producer_ends_them_when_send_was_dropped() {
    let cluster = Cluster::new();
    let producer: TracedFutureProducer = producer(&cluster.config, settings(&cluster.spans));
    assert!(futures_util::poll!(Box::pin(producer.send(cluster.record(), LONG))).is_pending());
    producer.flush(LONG).unwrap();
    cluster.wait_for_span();
}

#[tokio::test]
async fn around_a_producer_a_task_ends_them_without_a_reader() {
    let cluster = Cluster::new();
    let producer = cluster.wrapped();
    let report = producer.send_result(cluster.record()).map_err(|(error, _)| error).unwrap();
    soon(cluster.ended()).await;
    let ended = cluster.reported();
    let delivery = soon(report).await.unwrap().unwrap();
    assert_eq!((delivery.partition, delivery.offset), (0, ended.int("messaging.kafka.offset").unwrap()));
}

#[tokio::test]
async fn around_a_producer_a_task_ends_them_after_the_future_was_dropped() {
    let cluster = Cluster::new();
    let producer = cluster.wrapped();
    drop(producer.send_result(cluster.record()).map_err(|(error, _)| error).unwrap());
    soon(cluster.ended()).await;
    cluster.reported();
}

#[test]
fn without_a_runtime_a_drop_reads_the_report_that_has_arrived() {
    let cluster = Cluster::new();
    let producer = cluster.wrapped();
    let report = producer.send_result(cluster.record()).map_err(|(error, _)| error).unwrap();
    producer.flush(LONG).unwrap();
    let flushed = unix_nanos();
    std::thread::sleep(Duration::from_millis(200));
    assert!(cluster.finished().is_empty());
    drop(report);
    let late = cluster.reported().end_time_unix_nano.saturating_sub(flushed);
    assert!(late < 100_000_000, "it ended {late} ns after the report");
}

#[test]
fn without_a_runtime_a_poll_ends_them_at_the_time_of_the_report() {
    let cluster = Cluster::new();
    let producer = cluster.wrapped();
    let report = producer.send_result(cluster.record()).map_err(|(error, _)| error).unwrap();
    producer.flush(LONG).unwrap();
    let flushed = unix_nanos();
    std::thread::sleep(Duration::from_millis(200));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(report).unwrap().unwrap().offset, 0);
    let late = cluster.reported().end_time_unix_nano.saturating_sub(flushed);
    assert!(late < 100_000_000, "it ended {late} ns after the report");
}

#[test]
fn a_runtime_that_has_ended_loses_none() {
    for is_kept in [true, false] {
        let cluster = Cluster::new();
        let producer = cluster.wrapped();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut report = Some(
            runtime
                .block_on(async { producer.send_result(cluster.record()) })
                .map_err(|(error, _)| error)
                .unwrap(),
        );
        drop(runtime);
        if !is_kept {
            report = None;
        }
        producer.flush(LONG).unwrap();
        if is_kept {
            drop(report);
            cluster.reported();
        } else {
            assert_cancelled(&cluster.finished()[0]);
        }
    }
}

/// Returns the configuration of a broker that does not exist.
fn without_broker() -> (TestSpans, ClientConfig) {
    (TestSpans::new(), config_of("127.0.0.1:1"))
}

fn assert_cancelled(span: &SpanData) {
    let events: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!((events, span.is_error()), (vec!["cancelled"], false), "{span:?}");
}

#[test]
fn without_a_runtime_a_drop_before_the_report_is_cancelled() {
    let (spans, config) = without_broker();
    let producer: WrappedFutureProducer =
        WrappedFutureProducer::with_settings(config.create().unwrap(), settings(&spans));
    drop(
        producer
            .send_result(FutureRecord::<(), _>::to("dropped").payload("x"))
            .map_err(|(error, _)| error)
            .unwrap(),
    );
    assert_cancelled(&spans.one("send dropped"));
}

/// The queue has room for one message, and is full.
#[tokio::test]
async fn a_send_that_is_dropped_before_the_queue_accepts_it_is_cancelled() {
    let (spans, mut config) = without_broker();
    config.set("queue.buffering.max.messages", "1");
    let created = producer(&config, settings(&spans));
    let wrapped: WrappedFutureProducer =
        WrappedFutureProducer::with_settings(config.create().unwrap(), settings(&spans));
    let record = |topic| FutureRecord::<(), _>::to(topic).payload("x");
    let _first = created.send_result(record("first")).map_err(|(error, _)| error).unwrap();
    let _second = wrapped.send_result(record("second")).map_err(|(error, _)| error).unwrap();
    assert!(futures_util::poll!(Box::pin(created.send(record("created"), LONG))).is_pending());
    assert!(futures_util::poll!(Box::pin(wrapped.send(record("wrapped"), LONG))).is_pending());
    for name in ["send created", "send wrapped"] {
        assert_cancelled(&spans.one(name));
    }
}
