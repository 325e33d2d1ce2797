//! A failed call returns what the bare client returns, and its span has the code.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, FutureProducer, FutureRecord, Producer, PurgeConfig};
use rdkafka::types::RDKafkaErrorCode;
use support::{LONG, code, config, config_of, named, producer, settings, soon, topic, unique};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::TracedBaseProducer;

fn assert_failed(span: &SpanData, error_type: &str) {
    assert_eq!(span.text(attribute::ERROR_TYPE), Some(error_type), "{span:?}");
    assert!(matches!(&span.status, StatusData::Error(text) if !text.is_empty()), "{span:?}");
    assert_eq!(span.int("messaging.kafka.offset"), None);
}

#[tokio::test]
async fn the_broker_stops_during_a_publish() {
    let spans = TestSpans::new();
    let cluster = MockCluster::new(1).unwrap();
    let topic = unique("stopped");
    cluster.create_topic(&topic, 1, 1).unwrap();
    let mut config = config_of(&cluster.bootstrap_servers());
    config.set("message.timeout.ms", "1500");
    let bare: FutureProducer = config.create().unwrap();
    let traced = producer(&config, settings(&spans));
    let record = || FutureRecord::to(&topic).key("4711").payload("x");
    soon(traced.send(record(), LONG)).await.unwrap();
    soon(bare.send(record(), LONG)).await.unwrap();

    // Requests take so long that the broker stops before they end.
    cluster.broker_round_trip_time(1, Duration::from_secs(20)).unwrap();
    let (by_traced, by_bare, ()) =
        tokio::join!(soon(traced.send(record(), LONG)), soon(bare.send(record(), LONG)), async {
            while traced.inner().in_flight_count() == 0 || bare.in_flight_count() == 0 {
                tokio::task::yield_now().await;
            }
            cluster.broker_down(1).unwrap();
        });
    let ((error, message), (bare_error, bare_message)) = (by_traced.unwrap_err(), by_bare.unwrap_err());
    assert_eq!(error, bare_error);
    assert_eq!((message.key(), message.payload()), (bare_message.key(), bare_message.payload()));
    let [delivered, failed] = named(&spans, &format!("send {topic}")).try_into().unwrap();
    assert!(!delivered.is_error());
    let class = match code(&error) {
        RDKafkaErrorCode::MessageTimedOut => "timeout".to_owned(),
        code => format!("{code:?}"),
    };
    assert_failed(&failed, &class);
}

#[tokio::test]
async fn a_message_that_is_too_large() {
    let spans = TestSpans::new();
    let mut config = config();
    config.set("message.max.bytes", "2000");
    let topic = topic(&config, "large", 1).await;
    let body = vec![b'x'; 3000];
    let record = || FutureRecord::<(), _>::to(&topic).payload(&body);
    let traced = producer(&config, settings(&spans));
    let bare: FutureProducer = config.create().unwrap();

    let (error, message) = soon(traced.send(record(), LONG)).await.unwrap_err();
    let (bare_error, bare_message) = soon(bare.send(record(), LONG)).await.unwrap_err();
    assert_eq!((&error, message.payload()), (&bare_error, bare_message.payload()));
    assert_eq!(code(&error), RDKafkaErrorCode::MessageSizeTooLarge);
    let (error, record) = traced.send_result(record()).map(drop).unwrap_err();
    assert_eq!((code(&error), record.payload), (RDKafkaErrorCode::MessageSizeTooLarge, Some(&body)));
    let failed = named(&spans, &format!("send {topic}"));
    assert_eq!(failed.len(), 2);
    failed.iter().for_each(|span| assert_failed(span, "MessageSizeTooLarge"));
}

/// Returns the configuration of a producer whose queue holds one message, and of a broker that does not exist.
fn config_with_room_for_one() -> rdkafka::ClientConfig {
    let mut config = config_of("127.0.0.1:1");
    config.set("queue.buffering.max.messages", "1").set("message.timeout.ms", "60000");
    config
}

#[tokio::test]
async fn a_full_queue() {
    let spans = TestSpans::new();
    let config = config_with_room_for_one();
    let traced = producer(&config, settings(&spans));
    let first = traced
        .send_result(FutureRecord::<(), _>::to("full").payload("1"))
        .map_err(|(error, _)| error)
        .unwrap();
    let (error, _record) =
        traced.send_result(FutureRecord::<(), _>::to("full").payload("2")).map(drop).unwrap_err();
    assert_eq!(code(&error), RDKafkaErrorCode::QueueFull);
    let (error, _message) =
        soon(traced.send(FutureRecord::<(), _>::to("full").payload("3"), Duration::ZERO)).await.unwrap_err();
    assert_eq!(code(&error), RDKafkaErrorCode::QueueFull);
    let failed = named(&spans, "send full");
    assert_eq!(failed.len(), 2, "the first is still under way");
    failed.iter().for_each(|span| assert_failed(span, "QueueFull"));

    traced.purge(PurgeConfig::default().queue());
    let (error, _message) = soon(first).await.unwrap().unwrap_err();
    assert_eq!(code(&error), RDKafkaErrorCode::PurgeQueue);
    assert_failed(&named(&spans, "send full")[2], "PurgeQueue");
}

#[test]
fn a_full_queue_gives_the_record_back() {
    let spans = TestSpans::new();
    let config = config_with_room_for_one();
    let inner = config.create_with_context(tracing_kafka::TracedProducerContext::new(Counting)).unwrap();
    let producer = TracedBaseProducer::with_config(inner, &config, settings(&spans));
    let record = |number: usize| BaseRecord::<(), _, _>::with_opaque_to("full", number).payload("x");
    producer.send(record(1)).map_err(|(error, _)| error).unwrap();
    let (error, record) = producer.send(record(2)).unwrap_err();
    assert_eq!(
        (code(&error), record.delivery_opaque, record.payload),
        (RDKafkaErrorCode::QueueFull, 2, Some("x"))
    );
    assert_failed(&spans.one("send full"), "QueueFull");
    drop(producer);
    assert_failed(&named(&spans, "send full")[1], "PurgeQueue");
}

struct Counting;
impl rdkafka::ClientContext for Counting {}
impl rdkafka::producer::ProducerContext for Counting {
    type DeliveryOpaque = usize;
    fn delivery(&self, _: &rdkafka::message::DeliveryResult<'_>, opaque: usize) {
        assert_eq!(opaque, 1);
    }
}

#[tokio::test]
async fn a_topic_with_a_nul_byte() {
    let spans = TestSpans::new();
    let producer = producer(&config_of("127.0.0.1:1"), settings(&spans));
    let (error, _message) =
        soon(producer.send(FutureRecord::<(), _>::to("a\0b").payload("x"), LONG)).await.unwrap_err();
    assert!(matches!(error, rdkafka::error::KafkaError::Nul(_)));
    assert_failed(&spans.one("send a\0b"), "Nul");
}
