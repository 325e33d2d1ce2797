//! Foreign records, wrong keys, wrong partitions and future timestamps are counted by kind; a failing receiver pauses the consumer;
//! and another number of partitions is refused.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use tail_sampler::{Config, Running, start};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_kafka::exporter::TraceKey;

const SOON: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 4;

fn client() -> ClientConfig {
    let brokers = std::env::var("KAFKA_BROKERS").unwrap_or_else(|_| {
        panic!("KAFKA_BROKERS is not set. `cargo xtask test` starts a broker and sets it; by hand: `cargo xtask services kafka`")
    });
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", brokers);
    client
}

async fn topic(name: &str) -> String {
    let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let name = format!("{name}-{}-{run:x}", std::process::id());
    let admin: AdminClient<DefaultClientContext> = client().create().unwrap();
    let topic = NewTopic::new(&name, PARTITIONS, TopicReplication::Fixed(1));
    admin.create_topics([&topic], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
    name
}

fn key(trace: u128) -> TraceKey {
    TraceKey::new(TraceId::from_bytes(trace.to_be_bytes()))
}

fn request(traces: &[u128], name_bytes: usize) -> Vec<u8> {
    let span = |trace: &u128| Span {
        trace_id: trace.to_be_bytes().into(),
        span_id: vec![1; 8],
        name: "x".repeat(name_bytes),
        status: Some(Status { code: 2, ..Status::default() }),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: traces.iter().map(span).collect(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

async fn running(topic: &str, more: &str, exporter: impl Exporter) -> Running {
    let brokers = client().get("bootstrap.servers").unwrap().to_owned();
    let yaml = format!(
        "kafka: {{brokers: '{brokers}', topic: {topic}, group: {topic}, idle_after: 100ms, late_window: 1s}}
admin: 127.0.0.1:0
{more}
tail_sampling:
  decision_wait: 200ms
  policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}]
"
    );
    start(&Config::from_yaml(&yaml).unwrap(), exporter, None).await.unwrap()
}

async fn metrics(running: &Running) -> String {
    let url = format!("http://{}/metrics", running.addresses()[0]);
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

fn value(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in {metrics}")).parse().unwrap()
}

async fn until(running: &Running, what: &str, reached: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + SOON;
    loop {
        let metrics = metrics(running).await;
        if reached(&metrics) {
            return metrics;
        }
        assert!(Instant::now() < deadline, "{what}: {metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Key, value, partition and timestamp of a record.
type Written<'a> = (Option<&'a [u8]>, Vec<u8>, i32, i64);

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_counted_and_the_rest_is_sampled() {
    let topic = topic("bad").await;
    let producer: BaseProducer = client().create().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    // A broker refuses records that are more than an hour ahead.
    let future = now + 1_800_000;
    let right = |trace: u128| key(trace).partition(PARTITIONS);
    let upper = format!("{:032X}", 0xabc_u128);
    let [one, six, seven, nine] = [key(1), key(6), key(7), key(9)];
    let records: [Written<'_>; 9] = [
        (Some(one.as_bytes()), request(&[1], 1), right(1), now),
        (Some(b"order-4711"), b"{\"order\":4711}".to_vec(), 0, now),
        (Some(b"order-4712"), Vec::new(), 0, now),
        (None, request(&[2], 1), right(2), now),
        (Some(upper.as_bytes()), request(&[0xabc], 1), right(0xabc), now),
        (Some(nine.as_bytes()), request(&[3], 1), right(3), now),
        (Some(one.as_bytes()), request(&[4, 5], 1), right(4), now),
        (Some(six.as_bytes()), request(&[6], 1), (right(6) + 1) % PARTITIONS, now),
        (Some(seven.as_bytes()), request(&[7], 1), right(7), future),
    ];
    for (key, payload, partition, timestamp) in &records {
        let mut record = BaseRecord::to(&topic).payload(payload).partition(*partition).timestamp(*timestamp);
        if let Some(key) = key {
            record = record.key(*key);
        }
        producer.send::<[u8], Vec<u8>>(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(SOON).unwrap();
    let memory = MemoryExporter::new();
    let running = running(&topic, "", memory.clone()).await;
    let metrics =
        until(&running, "all are kept", |metrics| value(metrics, "tail_sampler_exported_spans_total") == 8)
            .await;
    let wrong_partitions = 1 + u64::from(right(4) != right(5));
    for (name, expected) in [
        ("records_total{outcome=\"read\"}", 7),
        ("records_total{outcome=\"empty\"}", 1),
        ("records_total{outcome=\"not_otlp\"}", 1),
        ("key_problems_total{kind=\"missing\"}", 1),
        ("key_problems_total{kind=\"foreign\"}", 1),
        ("key_problems_total{kind=\"other_trace\"}", 1),
        ("key_problems_total{kind=\"several_traces\"}", 1),
        ("foreign_partition_records_total", wrong_partitions),
        ("timestamp_problems_total{kind=\"future\"}", 1),
    ] {
        assert_eq!(value(&metrics, &format!("tail_sampler_kafka_{name}")), expected, "{name}");
    }
    running.shutdown(SOON).await.unwrap();
    assert_eq!(memory.finished().len(), 8);
}

/// An exporter that fails until it is told to work.
#[derive(Clone)]
struct Failing(Arc<AtomicBool>, MemoryExporter);

impl Exporter for Failing {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        match self.0.load(Ordering::Acquire) {
            true => self.1.export(batch, deadline),
            false => Err(ExportError::Retryable { reason: "busy".into(), after: None }),
        }
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_receiver_pauses_the_consumer_and_loses_nothing() {
    let topic = topic("paused").await;
    let works = Arc::new(AtomicBool::new(false));
    let memory = MemoryExporter::new();
    let more = "memory: {max_queue_bytes: 200000}";
    let running = running(&topic, more, Failing(Arc::clone(&works), memory.clone())).await;
    let producer: BaseProducer = client().set("partitioner", "fnv1a_random").create().unwrap();
    const TRACES: u64 = 2000;
    let write = |trace: u64| {
        let (key, payload) = (key(u128::from(trace)), request(&[u128::from(trace)], 1000));
        let record = BaseRecord::to(&topic).key(key.as_bytes()).payload(&payload);
        producer.send::<[u8], Vec<u8>>(record).map_err(|(error, _)| error).unwrap();
    };
    (1..=TRACES / 2).for_each(write);
    producer.flush(SOON).unwrap();
    until(&running, "paused", |metrics| value(metrics, "tail_sampler_kafka_paused") == 1).await;
    (TRACES / 2 + 1..=TRACES).for_each(write);
    producer.flush(SOON).unwrap();
    let paused =
        until(&running, "failing", |it| value(it, "tail_sampler_kafka_failed_attempts_total") >= 3).await;
    assert_eq!(value(&paused, "tail_sampler_kafka_assigned_partitions"), 4, "{paused}");
    let held = value(&paused, "tail_sampler_kafka_unacknowledged_bytes")
        + value(&paused, "tail_sampler_pending_bytes");
    assert!(held < 1_600_000, "{held}");
    assert_eq!(value(&paused, "tail_sampler_failed_spans_total"), 0);
    works.store(true, Ordering::Release);
    until(&running, "all arrive", |it| value(it, "tail_sampler_exported_spans_total") >= TRACES).await;
    running.shutdown(SOON).await.unwrap();
    let ids: std::collections::BTreeSet<_> =
        memory.finished().iter().map(|it| it.span.trace_id.to_bytes()).collect();
    assert_eq!(ids.len() as u64, TRACES);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_of_partitions_is_refused() {
    let topic = topic("grown").await;
    let first = running(&topic, "", MemoryExporter::new()).await;
    until(&first, "joined", |metrics| value(metrics, "tail_sampler_kafka_assigned_partitions") == 4).await;
    first.shutdown(SOON).await.unwrap();
    let admin: AdminClient<DefaultClientContext> = client().create().unwrap();
    let more = NewPartitions::new(&topic, 6);
    admin.create_partitions([&more], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
    let second = running(&topic, "", MemoryExporter::new()).await;
    let reason = tokio::time::timeout(SOON, second.failed()).await.unwrap();
    assert!(reason.contains("has 6 partitions") && reason.contains("Create a new topic"), "{reason}");
    for path in ["live", "ready"] {
        let url = format!("http://{}/health/{path}", second.addresses()[0]);
        assert_eq!(reqwest::get(url).await.unwrap().status(), 503, "{path}");
    }
    assert!(second.shutdown(SOON).await.is_err());
}
