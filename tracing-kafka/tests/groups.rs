//! Neither a rebalance nor a consumer that ends before it commits loses a context.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::message::Message;
use rdkafka::producer::FutureRecord;
use support::{LONG, config, consumer, named, producer, settings, soon, topic};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::TracedStreamConsumer;

/// Counts assignments and revocations.
#[derive(Clone, Default)]
struct Counting {
    assigned: Arc<AtomicUsize>,
    revoked: Arc<AtomicUsize>,
}

impl ClientContext for Counting {}

impl ConsumerContext for Counting {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(_) => self.assigned.fetch_add(1, Ordering::SeqCst),
            Rebalance::Revoke(_) => self.revoked.fetch_add(1, Ordering::SeqCst),
            Rebalance::Error(error) => panic!("{error}"),
        };
    }
}

const MESSAGES: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebalance_in_the_middle() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "group", 4).await;
    let producer = producer(&config, settings(&spans));
    let joining = |counting: &Counting| {
        let inner: StreamConsumer<Counting> = config.create_with_context(counting.clone()).unwrap();
        let consumer = TracedStreamConsumer::with_config(inner, &config, settings(&spans));
        consumer.subscribe(&[&topic]).unwrap();
        consumer
    };
    let (first_context, second_context) = (Counting::default(), Counting::default());
    let first = joining(&first_context);
    send(&producer, &topic, 0..MESSAGES / 2).await;
    for _ in 0..MESSAGES / 4 {
        work_on_next(&first).await;
    }
    // The second joins when the first is half done. Both continue until all messages are processed.
    let second = joining(&second_context);
    let deadline = Instant::now() + LONG;
    while second_context.assigned.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline, "no rebalance");
        let short = Duration::from_millis(50);
        let _ = tokio::time::timeout(short, work_on_next(&first)).await;
        let _ = tokio::time::timeout(short, work_on_next(&second)).await;
    }
    assert!(first_context.revoked.load(Ordering::SeqCst) > 0, "the caller's context is called");
    send(&producer, &topic, MESSAGES / 2..MESSAGES).await;
    while processed_offsets(&spans, &topic).len() < MESSAGES {
        assert!(Instant::now() < deadline, "{} of {MESSAGES}", processed_offsets(&spans, &topic).len());
        tokio::select! {
            () = work_on_next(&first) => {}
            () = work_on_next(&second) => {}
        }
    }
    let sent: HashMap<_, _> =
        named(&spans, &format!("send {topic}")).into_iter().map(|span| (span.span_id, span)).collect();
    assert_eq!(sent.len(), MESSAGES);
    for span in named(&spans, &format!("process {topic}")) {
        let sender = &sent[&span.parent_span_id];
        assert_eq!(span.trace_id, sender.trace_id);
        for key in [attribute::DESTINATION_PARTITION, "messaging.kafka.message.key"] {
            assert_eq!(span.text(key), sender.text(key));
        }
        assert_eq!(span.int("messaging.kafka.offset"), sender.int("messaging.kafka.offset"));
    }
}

async fn send(producer: &tracing_kafka::TracedFutureProducer, topic: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let key = number.to_string();
        soon(producer.send(FutureRecord::to(topic).key(&key).payload("x"), LONG)).await.unwrap();
    }
}

async fn work_on_next(consumer: &TracedStreamConsumer<Counting>) {
    let message = soon(consumer.recv()).await.unwrap();
    message.start_processing().end();
    // During a rebalance a commit may fail. The message is then delivered again.
    let _ = consumer.commit_message(&message, CommitMode::Sync);
}

/// Returns the partitions and offsets of all processed messages, without duplicates.
fn processed_offsets(spans: &TestSpans, topic: &str) -> Vec<(String, i64)> {
    let place = |span: &tracing_core_lite::span::data::SpanData| {
        (
            span.text(attribute::DESTINATION_PARTITION).unwrap().to_owned(),
            span.int("messaging.kafka.offset").unwrap(),
        )
    };
    let mut places: Vec<_> = named(spans, &format!("process {topic}")).iter().map(place).collect();
    places.sort_unstable();
    places.dedup();
    places
}

#[tokio::test]
async fn a_consumer_that_ends_before_it_commits() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "crash", 1).await;
    let producer = producer(&config, settings(&spans));
    soon(producer.send(FutureRecord::<(), _>::to(&topic).payload("x"), LONG)).await.unwrap();
    for _ in 0..2 {
        let consumer = consumer(&config, &[&topic], settings(&spans));
        let message = soon(consumer.recv()).await.unwrap();
        assert_eq!(message.offset(), 0);
        message.start_processing().end();
    }
    let sent = spans.one(&format!("send {topic}"));
    let deliveries = named(&spans, &format!("process {topic}"));
    assert_eq!(deliveries.len(), 2);
    for delivery in &deliveries {
        assert_eq!(delivery.text(attribute::DESTINATION_PARTITION), Some("0"));
        assert_eq!(delivery.int("messaging.kafka.offset"), Some(0));
        assert_eq!(delivery.links.iter().map(|link| link.span_id).collect::<Vec<_>>(), [sent.span_id]);
        assert_eq!(delivery.int(attribute::ATTEMPT), None, "nobody published it again");
    }
}
