//! Messages carry the sender's context however they are received: by polling, streams, detached copies, partition queues.
#![allow(clippy::unwrap_used)]

mod support;

use std::io;
use std::time::Duration;

use futures_util::StreamExt;
use opentelemetry::trace::SpanId;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};
use support::{LONG, base_consumer, config, consumer, named, producer, settings, soon, topic};
use tracing_core_lite::messaging::{Relation, attribute};
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{Settings, TracedBaseConsumer, TracedStreamConsumer};

/// Sends `count` messages to partition 0 of a new topic.
async fn sent(spans: &TestSpans, config: &ClientConfig, name: &str, count: usize) -> (String, Vec<SpanData>) {
    let topic = topic(config, name, 1).await;
    let producer = producer(config, settings(spans));
    for number in 0..count {
        let payload = number.to_string();
        soon(producer.send(FutureRecord::<(), _>::to(&topic).payload(&payload), LONG)).await.unwrap();
    }
    let sent = named(spans, &format!("send {topic}"));
    assert_eq!(sent.len(), count);
    (topic, sent)
}

fn assert_continued(spans: &TestSpans, topic: &str, sent: &[SpanData]) {
    let processed = named(spans, &format!("process {topic}"));
    assert_eq!(processed.len(), sent.len());
    for (processed, sent) in processed.iter().zip(sent) {
        assert_eq!((processed.trace_id, processed.parent_span_id), (sent.trace_id, sent.span_id));
    }
}

#[tokio::test]
async fn streams_and_detached_messages() {
    let spans = TestSpans::new();
    let config = config();
    let (topic, sent) = sent(&spans, &config, "stream", 3).await;
    let consumer = consumer(&config, &[&topic], settings(&spans));
    let mut stream = consumer.stream();
    for _ in 0..3 {
        let message = soon(stream.next()).await.unwrap().unwrap().detach();
        // Moves to another task, which a message that borrows the consumer cannot.
        tokio::spawn(async move { message.process(|_| async { Ok::<_, io::Error>(()) }).await })
            .await
            .unwrap()
            .unwrap();
    }
    assert_continued(&spans, &topic, &sent);
}

#[tokio::test]
async fn polling_and_iterating() {
    let spans = TestSpans::new();
    let config = config();
    let (topic, sent) = sent(&spans, &config, "poll", 3).await;
    let consumer = base_consumer(&config, &[&topic], settings(&spans));
    let first = loop {
        if let Some(message) = consumer.poll(LONG) {
            break message.unwrap();
        }
    };
    first.start_processing().end();
    for message in consumer.iter().take(2) {
        message.unwrap().start_processing().end();
    }
    assert_continued(&spans, &topic, &sent);
}

#[tokio::test]
async fn the_queue_of_a_partition() {
    let spans = TestSpans::new();
    let config = config();
    let (topic, sent) = sent(&spans, &config, "queue", 4).await;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(&topic, 0, Offset::Offset(2)).unwrap();

    let polled = TracedBaseConsumer::with_config(config.create().unwrap(), &config, settings(&spans));
    let (mut queue, mut attempts) = (None, 0..20);
    let first = 'assigned: loop {
        assert!(attempts.next().is_some(), "all come to the main queue");
        polled.assign(&assignment).unwrap();
        let queue = queue.insert(polled.split_partition_queue(&topic, 0).unwrap());
        // Polling the main queue fills the partition's queue. Messages fetched before the split are in the main queue, so seek
        // back.
        while polled.poll(Duration::ZERO).is_none() {
            if let Some(message) = queue.poll(Duration::from_millis(50)) {
                break 'assigned message.unwrap();
            }
        }
    };
    assert_eq!(first.offset(), 2);
    first.start_processing().end();

    let streamed: TracedStreamConsumer =
        TracedStreamConsumer::with_config(config.create().unwrap(), &config, settings(&spans));
    assignment.set_all_offsets(Offset::Offset(3)).unwrap();
    let (mut queue, mut attempts) = (None, 0..20);
    let message = loop {
        assert!(attempts.next().is_some(), "all come to the main queue");
        streamed.assign(&assignment).unwrap();
        let queue = queue.insert(streamed.split_partition_queue(&topic, 0).unwrap());
        tokio::select! {
            message = soon(queue.recv()) => break message.unwrap(),
            other = streamed.recv() => assert_eq!(other.unwrap().offset(), 3, "fetched before the queues were split"),
        }
    };
    assert_eq!(message.offset(), 3);
    message.start_processing().end();
    assert_continued(&spans, &topic, &sent[2..]);
}

#[tokio::test]
async fn relations() {
    let spans = TestSpans::new();
    let config = config();
    let (topic, sent) = sent(&spans, &config, "relation", 1).await;
    let consumer = consumer(&config, &[&topic], settings(&spans).with_relation(Relation::NewTrace));
    soon(consumer.recv()).await.unwrap().start_processing().end();
    let processed = spans.one(&format!("process {topic}"));
    assert_eq!(processed.parent_span_id, SpanId::INVALID);
    assert_ne!(processed.trace_id, sent[0].trace_id);
    assert!(processed.links.len() == 1 && processed.links[0].is_follows_from());
    assert_eq!(processed.links[0].span_id, sent[0].span_id);
}

#[tokio::test]
async fn work_that_fails() {
    let spans = TestSpans::new();
    let config = config();
    let (topic, _) = sent(&spans, &config, "failing", 2).await;
    let consumer = consumer(&config, &[&topic], settings(&spans));
    let message = soon(consumer.recv()).await.unwrap();
    let outcome = message.process(|_| async { Err::<(), _>(io::Error::other("broken")) }).await;
    assert_eq!(outcome.unwrap_err().to_string(), "broken");
    let mut processing = soon(consumer.recv()).await.unwrap().start_processing();
    processing.record_error_as("out_of_stock", &io::Error::other("nothing left"));
    processing.end();
    let [first, second] = named(&spans, &format!("process {topic}")).try_into().unwrap();
    assert!(first.is_error() && second.is_error());
    assert_eq!(first.text(attribute::ERROR_TYPE), Some("std::io::error::Error"));
    assert_eq!(second.text(attribute::ERROR_TYPE), Some("out_of_stock"));
}

#[tokio::test]
async fn a_filter_and_hooks() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "hooks", 1).await;
    let seen = |message: &tracing_kafka::MessageView<'_>,
                span: &mut tracing_core_lite::span::Recorder<'_>| {
        let tenant = message.headers.get("tenant").map(|value| String::from_utf8_lossy(value).into_owned());
        span.set_some("shop.tenant", tenant.as_deref());
    };
    let hooked = settings(&spans).with_send_hook(seen).with_process_hook(seen);
    let record = || {
        let headers = support::headers(&[("tenant", Some(b"7"))]);
        FutureRecord::<(), _>::to(&topic).payload("x").headers(headers)
    };
    soon(producer(&config, hooked.clone()).send(record(), LONG)).await.unwrap();
    soon(producer(&config, hooked.clone().with_filter(|_| false)).send(record(), LONG)).await.unwrap();
    let consumer = consumer(&config, &[&topic], hooked);
    for _ in 0..2 {
        soon(consumer.recv()).await.unwrap().start_processing().end();
    }
    assert_eq!(spans.one(&format!("send {topic}")).text("shop.tenant"), Some("7"));
    let [first, second] = named(&spans, &format!("process {topic}")).try_into().unwrap();
    assert_eq!((first.text("shop.tenant"), second.text("shop.tenant")), (Some("7"), Some("7")));
    assert_eq!(
        (first.links.len(), second.links.len()),
        (1, 0),
        "what is filtered out has no span to link to"
    );
}

#[tokio::test]
async fn commits_are_spans_if_the_settings_ask_for_them() {
    for (name, settle) in [("default", false), ("asked for", true)] {
        let spans = TestSpans::new();
        let config = config();
        let (topic, _) = sent(&spans, &config, "commits", 1).await;
        let settings: Settings =
            if settle { settings(&spans).with_settle_spans(true) } else { settings(&spans) };
        let consumer: TracedBaseConsumer = base_consumer(&config, &[&topic], settings);
        let message = consumer.iter().next().unwrap().unwrap();
        consumer.commit_message(&message, CommitMode::Sync).unwrap();
        {
            // While such a list is alive, dropping the consumer hangs.
            let committed = consumer.committed(LONG).unwrap();
            assert_eq!(committed.find_partition(&topic, 0).unwrap().offset(), Offset::Offset(1), "{name}");
            consumer.commit(&committed, CommitMode::Sync).unwrap();
        }
        let commits = named(&spans, &format!("commit {topic}"));
        assert_eq!(commits.len(), if settle { 2 } else { 0 }, "{name}");
        for (commit, offset) in commits.iter().zip([0, 1]) {
            assert_eq!(commit.kind, opentelemetry::trace::SpanKind::Client);
            assert_eq!(commit.text(attribute::OPERATION_TYPE), Some("settle"));
            assert_eq!(commit.text(attribute::DESTINATION_PARTITION), Some("0"));
            assert_eq!(commit.int("messaging.kafka.offset"), Some(offset));
            assert_eq!(commit.text(attribute::CONSUMER_GROUP), config.get("group.id"));
        }
        let failed = consumer.commit_consumer_state(CommitMode::Sync).unwrap_err();
        assert_eq!(support::code(&failed), rdkafka::types::RDKafkaErrorCode::NoOffset, "{name}");
        let server = config.get("bootstrap.servers").unwrap();
        let failures = named(&spans, &format!("commit {server}"));
        assert_eq!(
            failures.iter().map(|span| span.text("error.type")).collect::<Vec<_>>(),
            vec![Some("NoOffset"); usize::from(settle)]
        );
    }
}
