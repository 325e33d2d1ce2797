//! A batch is one span with a link for each message, and its size is bounded.
#![allow(clippy::unwrap_used)]

mod support;

use std::io;

use opentelemetry::Context;
use opentelemetry::trace::SpanId;
use rdkafka::Timestamp;
use rdkafka::message::OwnedMessage;
use rdkafka::producer::FutureRecord;
use support::{config, config_of, consumer, headers, producer, settings, soon, topic};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::SpanLimits;
use tracing_core_lite::span::data::{FinishedSpan, SpanData};
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{Received, TracedBaseConsumer};

fn with_links(links: u32) -> TestSpans {
    TestSpans::with(|builder| builder.with_span_limits(SpanLimits::default().with_links(links))).unwrap()
}

fn batch_of(spans: &TestSpans) -> SpanData {
    let is_batch = |finished: &FinishedSpan| finished.span.int(attribute::BATCH_MESSAGE_COUNT).is_some();
    let mut batches: Vec<_> = spans.finished().into_iter().filter(is_batch).collect();
    assert_eq!(batches.len(), 1);
    batches.remove(0).span
}

#[tokio::test]
async fn five_hundred_messages_of_fifty_traces() {
    const TRACES: u32 = 50;
    const MESSAGES: u32 = 500;
    let default = SpanLimits::default().links;
    let config = config();
    let sent = TestSpans::new();
    let topic = topic(&config, "batch", 1).await;
    let producer = producer(&config, settings(&sent));
    for _ in 0..TRACES {
        let request = sent.tracer().span("request").start();
        let mut deliveries = Vec::new();
        async {
            for _ in 0..MESSAGES / TRACES {
                let record = FutureRecord::<(), _>::to(&topic).payload("0123456789");
                deliveries.push(producer.send_result(record).map_err(|(error, _)| error).unwrap());
            }
        }
        .in_context(request.in_context(&Context::new()))
        .await;
        for delivery in deliveries {
            soon(delivery).await.unwrap().unwrap();
        }
    }
    let mut received: Option<Vec<OwnedMessage>> = None;
    for (name, limit) in [("raised", 1000), ("default", default)] {
        let spans = with_links(limit);
        let consumer = consumer(&config, &[&topic], settings(&spans));
        let messages: Vec<Received<OwnedMessage>> = match received.take() {
            Some(messages) => messages.into_iter().map(|message| consumer.received(message)).collect(),
            None => {
                let mut messages = Vec::new();
                while messages.len() < MESSAGES as usize {
                    messages.push(soon(consumer.recv()).await.unwrap().detach());
                }
                messages
            }
        };
        let batch = consumer.batch(&messages).with_item_ratio(0.0).with_small_batch(0);
        for (number, message) in messages.iter().enumerate() {
            let item = message.item(&batch);
            if number == 7 { item.failed(&io::Error::other("broken")) } else { item.processed() }
        }
        batch.end();

        let batch = batch_of(&spans);
        assert_eq!(batch.name, format!("process {topic}"), "{name}");
        assert_eq!(batch.links.len() as u32, limit.min(MESSAGES), "{name}");
        assert_eq!(batch.dropped_links_count, MESSAGES.saturating_sub(limit), "{name}");
        assert_eq!(batch.parent_span_id, SpanId::INVALID, "{name}");
        assert_eq!(batch.text(attribute::DESTINATION_NAME), Some(&*topic), "{name}");
        assert_eq!(batch.text(attribute::DESTINATION_PARTITION), Some("0"), "{name}");
        assert_eq!(batch.text(attribute::CONSUMER_GROUP), config.get("group.id"), "{name}");
        for (key, count) in [
            (attribute::BATCH_MESSAGE_COUNT, 500),
            (attribute::BATCH_PROCESSED, 499),
            (attribute::BATCH_FAILED, 1),
            (attribute::BATCH_BODY_SIZE, 5000),
        ] {
            assert_eq!(batch.int(key), Some(count), "{name}: {key}");
        }
        let mut traces: Vec<_> = batch.links.iter().map(|link| link.trace_id).collect();
        traces.sort_unstable_by_key(|id| id.to_bytes());
        traces.dedup();
        assert_eq!(traces.len() as u32, limit.min(MESSAGES).div_ceil(MESSAGES / TRACES), "{name}");
        assert!(batch.links.iter().all(tracing_core_lite::span::data::LinkData::is_follows_from));
        let failed: Vec<_> =
            spans.finished().into_iter().filter(|finished| finished.span.is_error()).collect();
        assert_eq!(failed.len(), 1, "{name}");
        assert_eq!((failed[0].span.parent_span_id, failed[0].span.links.len()), (batch.span_id, 1), "{name}");
        assert_eq!(failed[0].span.text(attribute::DESTINATION_PARTITION), Some("0"), "{name}");
        assert_eq!(failed[0].span.int("messaging.kafka.offset"), Some(7), "{name}");
        received = Some(messages.into_iter().map(Received::into_message).collect());
    }
}

fn message(consumer: &TracedBaseConsumer, topic: &str, partition: i32) -> Received<OwnedMessage> {
    let traceparent = format!("00-{:032x}-{:016x}-01", trace_of(partition), 1);
    let headers = headers(&[("traceparent", Some(traceparent.as_bytes()))]);
    let topic = topic.to_owned();
    consumer.received(OwnedMessage::new(
        Some(vec![0; 10]),
        None,
        topic,
        Timestamp::NotAvailable,
        partition,
        0,
        Some(headers),
    ))
}

fn trace_of(partition: i32) -> u128 {
    u128::try_from(partition).unwrap() + 1
}

/// Creates a consumer without a broker, for messages that were received before.
fn offline(spans: &TestSpans) -> TracedBaseConsumer {
    let config = config_of("127.0.0.1:1");
    TracedBaseConsumer::with_config(config.create().unwrap(), &config, settings(spans))
}

#[test]
fn a_hundred_thousand_messages() {
    const MESSAGES: u32 = 100_000;
    let spans = TestSpans::new();
    let consumer = offline(&spans);
    let mut batch = consumer.start_batch("reconciliation");
    for number in 0..MESSAGES {
        let message = message(&consumer, "reconciliation", 0);
        message.add_to(&mut batch);
        let item = message.item(&batch);
        if number % 10_000 == 0 {
            item.failed_as("out_of_stock", &io::Error::other("nothing left"))
        } else {
            item.processed()
        }
    }
    batch.end();
    let batch = batch_of(&spans);
    assert_eq!(batch.links.len() as u32, SpanLimits::default().links);
    assert_eq!(batch.dropped_links_count, MESSAGES - SpanLimits::default().links);
    assert_eq!(batch.int(attribute::BATCH_MESSAGE_COUNT), Some(100_000));
    assert_eq!(batch.int(attribute::BATCH_FAILED), Some(10));
    let items = spans.finished().len() - 1;
    assert!((500..2000).contains(&items), "1 % of the items, and those that fail: {items}");
}

#[test]
fn a_batch_has_the_topic_and_partition_that_its_messages_share() {
    for (name, of, topic, partition) in [
        ("none", &[][..], None, None),
        ("one", &[("a", 3)], Some("a"), Some("3")),
        ("one partition", &[("a", 3), ("a", 3)], Some("a"), Some("3")),
        ("one topic", &[("a", 3), ("a", 4)], Some("a"), None),
        ("two topics", &[("a", 3), ("b", 3)], None, None),
    ] {
        let spans = TestSpans::new();
        let consumer = offline(&spans);
        let messages: Vec<_> =
            of.iter().map(|&(topic, partition)| message(&consumer, topic, partition)).collect();
        consumer.batch(&messages).end();
        let batch = batch_of(&spans);
        assert_eq!(batch.text(attribute::DESTINATION_NAME), topic, "{name}");
        assert_eq!(batch.text(attribute::DESTINATION_PARTITION), partition, "{name}");
        assert_eq!(batch.name, format!("process {}", topic.unwrap_or("127.0.0.1:1")), "{name}");
    }
}
