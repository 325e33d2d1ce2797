//! The exporter writes one record per trace and batch, keyed by trace id, to the partition that the Collector chooses; and waits for
//! the brokers.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::Message;
use rdkafka::consumer::{Consumer, StreamConsumer};
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_core_lite::pipeline::{Batch, BatchBuilder, ExportError, Exporter};
use tracing_core_lite::span::data::decode_request;
use tracing_kafka::exporter::{KafkaExporter, TraceKey};

use support::{LONG, config, config_of, soon, topic};

const PARTITIONS: i32 = 8;

/// A protobuf field with bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut len = bytes.len();
    while len >= 128 {
        out.push((len % 128) as u8 | 128);
        len /= 128;
    }
    out.push(len as u8);
    out.extend(bytes);
    out
}

/// An encoded span with a name of this length.
fn span(trace: u128, id: u64, name: usize) -> Vec<u8> {
    [field(1, &trace.to_be_bytes()), field(2, &id.to_be_bytes()), field(5, "x".repeat(name).as_bytes())]
        .concat()
}

fn batch(spans: &[Vec<u8>]) -> Batch {
    let scope: Vec<u8> = spans.iter().flat_map(|span| field(2, span)).collect();
    Batch::new(field(1, &field(2, &scope)).into(), spans.len())
}

fn trace(number: u64) -> u128 {
    u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number)
}

/// The spans of each record by trace, and its partition.
async fn read(topic: &str, spans: usize) -> Vec<(TraceKey, i32, Vec<[u8; 8]>)> {
    let consumer: StreamConsumer = config().create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let (mut records, mut found) = (Vec::new(), 0);
    while found < spans {
        let message = soon(consumer.recv()).await.unwrap();
        let key = TraceKey::parse(message.key().unwrap()).unwrap();
        let decoded = decode_request(message.payload().unwrap()).unwrap();
        let spans = decoded.iter().flat_map(|it| &it.scope_spans).flat_map(|it| &it.spans);
        let mut ids = Vec::new();
        for span in spans {
            assert_eq!(span.trace_id, key.trace_id());
            ids.push(span.span_id.to_bytes());
        }
        found += ids.len();
        records.push((key, message.partition(), ids));
    }
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_for_each_trace_in_its_partition() {
    let topic = topic(&config(), "otlp", PARTITIONS).await;
    let mut exporter = KafkaExporter::create(&config(), &topic).unwrap();
    let spans: Vec<_> = (0..300).map(|id| span(trace(id % 100), id + 1, 10)).collect();
    exporter.export(&batch(&spans), Instant::now() + LONG).unwrap();
    let records = read(&topic, 300).await;
    assert_eq!(records.len(), 100);
    for (key, partition, ids) in &records {
        assert_eq!((*partition, ids.len()), (key.partition(PARTITIONS), 3));
    }
    let used: BTreeSet<i32> = records.iter().map(|(_, partition, _)| *partition).collect();
    assert_eq!(used.len(), PARTITIONS as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_traces_are_divided_and_a_span_that_is_too_large_is_rejected() {
    let topic = topic(&config(), "large", PARTITIONS).await;
    let mut config = config();
    config.set("message.max.bytes", "20000");
    let mut exporter = KafkaExporter::create(&config, &topic).unwrap();
    let mut spans: Vec<_> = (1..=20).map(|id| span(trace(7), id, 5000)).collect();
    spans.push(span(trace(7), 21, 30_000));
    let exported = exporter.export(&batch(&spans), Instant::now() + LONG).unwrap();
    assert_eq!(exported.rejected_spans, 1, "{}", exported.message);
    let records = read(&topic, 20).await;
    assert!(records.len() >= 6, "{records:?}");
    let partitions: BTreeSet<i32> = records.iter().map(|(_, partition, _)| *partition).collect();
    assert_eq!(partitions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_exported_again_is_not_written_twice() {
    let topic = topic(&config(), "again", PARTITIONS).await;
    let mut exporter = KafkaExporter::create(&config(), &topic).unwrap();
    let spans: Vec<_> = (0..50).map(|id| span(trace(id), id + 1, 10)).collect();
    let batch = batch(&spans);
    let late = exporter.export(&batch, Instant::now());
    assert!(matches!(late, Err(ExportError::Retryable { .. })), "{late:?}");
    exporter.export(&batch, Instant::now() + LONG).unwrap();
    let mut counts = BTreeMap::new();
    exporter.export(&super_batch(), Instant::now() + LONG).unwrap();
    for (_, _, ids) in read(&topic, 51).await {
        for id in ids {
            *counts.entry(id).or_insert(0) += 1;
        }
    }
    assert_eq!((counts.len(), counts.values().max()), (51, Some(&1)));
}

/// The last batch: once it was read, everything before it was written.
fn super_batch() -> Batch {
    batch(&[span(trace(1000), 1000, 10)])
}

#[test]
fn without_a_broker_the_batch_is_retried_and_foreign_bytes_are_refused() {
    let mut exporter = KafkaExporter::create(&config_of("127.0.0.1:1"), "otlp").unwrap();
    let result = exporter.export(&batch(&[span(1, 1, 1)]), Instant::now() + Duration::from_millis(200));
    assert!(matches!(result, Err(ExportError::Retryable { .. })), "{result:?}");
    assert_eq!(exporter.destination(), Some("kafka://127.0.0.1:1/otlp"));
    let malformed = exporter.export(&Batch::new(vec![0x0a, 200].into(), 1), Instant::now() + LONG);
    assert!(matches!(malformed, Err(ExportError::Permanent { .. })), "{malformed:?}");
    let mut builder = BatchBuilder::new();
    assert!(builder.push_matching(RequestView::new(&[]), |_| true).is_ok());
}

/// From `init` to the topic.
#[tokio::test(flavor = "multi_thread")]
async fn spans_of_a_program_reach_the_topic() {
    let topic = topic(&config(), "program", PARTITIONS).await;
    let exporter = KafkaExporter::create(&config(), &topic).unwrap();
    let provider = tracing_core_lite::TracerProvider::builder().with_exporter(exporter).build().unwrap();
    let id: TraceId = {
        let span = provider.tracer("shop").span("order").start();
        span.span_context().trace_id()
    };
    provider.flush(LONG).unwrap();
    assert_eq!(read(&topic, 1).await[0].0.trace_id(), id);
}
