//! With delivery callbacks, spans end at the delivery report, and the callback receives the caller's own value.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{Arc, Mutex};

use rdkafka::ClientContext;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Partitioner, Producer, ProducerContext};
use support::{LONG, config, named, settings, topic};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{TracedBaseProducer, TracedProducerContext, TracedThreadedProducer};

const MESSAGES: usize = 20;

/// Records each delivery, and the spans that had ended by then.
#[derive(Clone)]
struct Noting {
    spans: Arc<TestSpans>,
    delivered: Arc<Mutex<Vec<Report>>>,
}

/// The caller's number, the partition, the offset, and the number of spans that had ended.
type Report = (usize, i32, i64, usize);

impl ClientContext for Noting {}

impl ProducerContext<ByLength> for Noting {
    type DeliveryOpaque = Box<usize>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Box<usize>) {
        let message = result.as_ref().unwrap();
        let ended = named(&self.spans, &format!("send {}", message.topic())).len();
        self.delivered.lock().unwrap().push((*number, message.partition(), message.offset(), ended));
    }

    fn get_custom_partitioner(&self) -> Option<&ByLength> {
        Some(&ByLength)
    }
}

impl ProducerContext for Noting {
    type DeliveryOpaque = Box<usize>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Box<usize>) {
        <Self as ProducerContext<ByLength>>::delivery(self, result, number);
    }
}

/// A partitioner that maps a key to the partition of its length.
struct ByLength;

impl Partitioner for ByLength {
    fn partition(&self, _: &str, key: Option<&[u8]>, count: i32, _: impl Fn(i32) -> bool) -> i32 {
        i32::try_from(key.map_or(0, <[u8]>::len)).unwrap() % count
    }
}

fn noting() -> Noting {
    Noting { spans: Arc::new(TestSpans::new()), delivered: Arc::default() }
}

fn assert_delivered(noting: &Noting, topic: &str) {
    let mut delivered = noting.delivered.lock().unwrap().clone();
    let ended: Vec<_> = delivered.iter().map(|&(.., ended)| ended).collect();
    assert_eq!(
        ended,
        (1..=MESSAGES).collect::<Vec<_>>(),
        "each span ends before its callback, and after the one before"
    );
    delivered.sort_unstable();
    assert_eq!(
        delivered.iter().map(|&(number, ..)| number).collect::<Vec<_>>(),
        (0..MESSAGES).collect::<Vec<_>>()
    );
    for span in named(&noting.spans, &format!("send {topic}")) {
        let number: usize = span.text("messaging.kafka.message.key").unwrap().len();
        let (_, partition, offset, _) = delivered[number];
        assert_eq!(span.text(attribute::DESTINATION_PARTITION), Some(partition.to_string().as_str()));
        assert_eq!(span.int("messaging.kafka.offset"), Some(offset));
        assert!(!span.is_error());
    }
}

#[tokio::test]
async fn polled_with_a_partitioner_of_the_caller() {
    let config = config();
    let topic = topic(&config, "polled", 3).await;
    let noting = noting();
    let inner = config.create_with_context(TracedProducerContext::new(noting.clone())).unwrap();
    let producer: TracedBaseProducer<Noting, ByLength> =
        TracedBaseProducer::with_config(inner, &config, settings(&noting.spans));
    for number in 0..MESSAGES {
        let key = "k".repeat(number);
        let record = BaseRecord::with_opaque_to(&topic, Box::new(number)).key(&key).payload("x");
        producer.send(record).map_err(|(error, _)| error).unwrap();
        assert!(producer.in_flight_count() > 0);
    }
    producer.flush(LONG).unwrap();
    assert_delivered(&noting, &topic);
    assert!(
        noting
            .delivered
            .lock()
            .unwrap()
            .iter()
            .all(|&(number, partition, ..)| number % 3 == partition as usize)
    );
    assert_eq!(producer.context().inner().delivered.lock().unwrap().len(), MESSAGES);
}

#[tokio::test]
async fn on_a_thread() {
    let config = config();
    let topic = topic(&config, "threaded", 1).await;
    let noting = noting();
    let inner = config.create_with_context(TracedProducerContext::new(noting.clone())).unwrap();
    let producer: TracedThreadedProducer<Noting> =
        TracedThreadedProducer::with_config(inner, &config, settings(&noting.spans));
    let clone = producer.clone();
    for number in 0..MESSAGES {
        let key = "k".repeat(number);
        let record = BaseRecord::with_opaque_to(&topic, Box::new(number)).key(&key).payload("x");
        clone.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(LONG).unwrap();
    while noting.delivered.lock().unwrap().len() < MESSAGES {
        tokio::task::yield_now().await;
    }
    assert_delivered(&noting, &topic);
}

#[test]
fn made_from_a_configuration() {
    let config = support::config_of("127.0.0.1:1");
    let _producer: TracedBaseProducer = config.create().unwrap();
    let _producer: TracedThreadedProducer = config.create().unwrap();
    let _producer: TracedBaseProducer<Noting, ByLength> = config.create_with_context(noting()).unwrap();
    let _consumer: tracing_kafka::TracedBaseConsumer = config.create().unwrap();
}
