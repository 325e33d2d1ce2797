//! A transaction is a span with its outcome, and the spans of its messages link to it.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, FutureRecord, Producer};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use support::{LONG, code, config, config_of, consumer, named, producer, settings, soon, topic, unique};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{TracedFutureProducer, TracedThreadedProducer};

const MESSAGES: &str = "tracing_suite.kafka.transaction.message_count";
const OUTCOME: &str = "tracing_suite.kafka.transaction.outcome";

fn transactional() -> ClientConfig {
    let mut config = config();
    config.set("transactional.id", unique("orders")).set("isolation.level", "read_committed");
    config
}

#[tokio::test]
async fn one_aborts_and_one_commits() {
    let spans = TestSpans::new();
    let config = transactional();
    let topic = topic(&config, "transaction", 1).await;
    let producer = producer(&config, settings(&spans));
    producer.init_transactions(LONG).unwrap();
    for (payload, commits) in [("aborted", false), ("committed", true)] {
        producer.begin_transaction().unwrap();
        for _ in 0..2 {
            soon(producer.send(FutureRecord::<(), _>::to(&topic).payload(payload), LONG)).await.unwrap();
        }
        if commits { producer.commit_transaction(LONG) } else { producer.abort_transaction(LONG) }.unwrap();
    }

    let consumer = consumer(&config, &[&topic], settings(&spans));
    let message = soon(consumer.recv()).await.unwrap();
    assert_eq!(message.payload(), Some(&b"committed"[..]));
    message.start_processing().end();

    let [aborted, committed] = named(&spans, "transaction").try_into().unwrap();
    assert_eq!((aborted.text(OUTCOME), committed.text(OUTCOME)), (Some("abort"), Some("commit")));
    let sent = named(&spans, &format!("send {topic}"));
    assert_eq!(sent.len(), 4);
    for (number, sent) in sent.iter().enumerate() {
        let transaction = if number < 2 { &aborted } else { &committed };
        assert_eq!(sent.links.iter().map(|link| link.span_id).collect::<Vec<_>>(), [transaction.span_id]);
        assert!(!sent.is_error());
    }
    for transaction in [&aborted, &committed] {
        assert_eq!(transaction.int(MESSAGES), Some(2));
        assert_eq!(transaction.text("tracing_suite.kafka.transaction.id"), config.get("transactional.id"));
        assert_eq!(transaction.text(attribute::CLIENT_ID), Some("shop-1"));
        assert!(!transaction.is_error());
    }
    let processed = spans.one(&format!("process {topic}"));
    assert!([&sent[2], &sent[3]].iter().any(|sent| sent.span_id == processed.links[0].span_id));
}

#[tokio::test]
async fn an_abort_purges_unsent_messages() {
    let spans = TestSpans::new();
    let mut config = transactional();
    config.set("linger.ms", "20000");
    let topic = topic(&config, "purged", 1).await;
    let inner = config.create_with_context(tracing_kafka::TracedProducerContext::new(Ignoring)).unwrap();
    let producer: TracedThreadedProducer<Ignoring> =
        TracedThreadedProducer::with_config(inner, &config, settings(&spans));
    producer.init_transactions(LONG).unwrap();
    producer.begin_transaction().unwrap();
    producer.send(BaseRecord::<(), _, _>::to(&topic).payload("x")).map_err(|(error, _)| error).unwrap();
    producer.abort_transaction(LONG).unwrap();
    producer.flush(LONG).unwrap();
    let sent = spans.one(&format!("send {topic}"));
    assert_eq!(sent.text(attribute::ERROR_TYPE), Some("PurgeQueue"));
    assert_eq!(spans.one("transaction").text(OUTCOME), Some("abort"));
}

struct Ignoring;
impl rdkafka::ClientContext for Ignoring {}
impl rdkafka::producer::ProducerContext for Ignoring {
    type DeliveryOpaque = ();
    fn delivery(&self, _: &rdkafka::message::DeliveryResult<'_>, (): ()) {}
}

#[tokio::test]
async fn a_commit_that_fails_and_is_followed_by_an_abort() {
    let spans = TestSpans::new();
    let config = transactional();
    let topic = topic(&config, "fenced", 1).await;
    let first = producer(&config, settings(&spans));
    first.init_transactions(LONG).unwrap();
    first.begin_transaction().unwrap();
    soon(first.send(FutureRecord::<(), _>::to(&topic).payload("x"), LONG)).await.unwrap();
    // Another producer with the same id fences the first.
    let second = producer(&config, settings(&spans));
    second.init_transactions(LONG).unwrap();
    let error = first.commit_transaction(LONG).unwrap_err();
    assert!(named(&spans, "transaction").is_empty(), "it is open until it is aborted");
    let _fatal = first.abort_transaction(LONG);
    drop(first);
    let transaction = spans.one("transaction");
    assert_eq!(transaction.text(attribute::ERROR_TYPE), Some(format!("{:?}", code(&error)).as_str()));
    assert_ne!(transaction.text(OUTCOME), Some("commit"));
    assert_eq!(transaction.int(MESSAGES), Some(1));
}

/// Fails to commit a transaction with one message, then calls `then`.
async fn fail_to_commit(is_abortable: bool, then: impl FnOnce(&TracedFutureProducer)) -> SpanData {
    let spans = TestSpans::new();
    let cluster = MockCluster::new(1).unwrap();
    let topic = unique("interim");
    cluster.create_topic(&topic, 1, 1).unwrap();
    let mut config = config_of(&cluster.bootstrap_servers());
    config.set("transactional.id", unique("interim")).set("reconnect.backoff.max.ms", "200");
    let producer = producer(&config, settings(&spans));
    producer.init_transactions(LONG).unwrap();
    producer.begin_transaction().unwrap();
    let record = FutureRecord::<(), _>::to(&topic).payload("x");
    if is_abortable {
        let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
        cluster.request_errors(RDKafkaApiKey::Produce, &[refused]);
        let delivery = producer.send_result(record).map_err(|(error, _)| error).unwrap();
        soon(delivery).await.unwrap().unwrap_err();
        producer.commit_transaction(LONG).unwrap_err();
    } else {
        soon(producer.send(record, LONG)).await.unwrap();
        cluster.broker_down(1).unwrap();
        producer.commit_transaction(Duration::from_millis(100)).unwrap_err();
        cluster.broker_up(1).unwrap();
    }
    then(&producer);
    drop(producer);
    spans.one("transaction")
}

#[tokio::test]
async fn the_outcome_after_a_failed_commit() {
    let again = fail_to_commit(false, |producer| producer.commit_transaction(LONG).unwrap()).await;
    let abort = fail_to_commit(true, |producer| producer.abort_transaction(LONG).unwrap()).await;
    let nothing = fail_to_commit(false, |_| {}).await;
    for (name, transaction, outcome, is_error) in [
        ("again", again, Some("commit"), false),
        ("abort", abort, Some("abort"), true),
        ("nothing", nothing, None, true),
    ] {
        assert_eq!((transaction.text(OUTCOME), transaction.is_error()), (outcome, is_error), "{name}");
        assert_eq!(transaction.text(attribute::ERROR_TYPE).is_some(), is_error, "{name}");
        let events: Vec<_> = transaction.events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!((events, transaction.int(MESSAGES)), (vec!["exception"], Some(1)), "{name}");
    }
}

#[tokio::test]
async fn unsent_messages_are_not_counted_in_the_transaction() {
    let spans = TestSpans::new();
    let mut config = transactional();
    config.set("message.max.bytes", "2000");
    let topic = topic(&config, "counted", 1).await;
    let large = vec![b'x'; 3000];
    let producer = producer(&config, settings(&spans));
    producer.init_transactions(LONG).unwrap();
    producer.begin_transaction().unwrap();
    soon(producer.send(FutureRecord::<(), _>::to(&topic).payload("x"), LONG)).await.unwrap();
    soon(producer.send(FutureRecord::<(), _>::to(&topic).payload(&large), LONG)).await.unwrap_err();
    producer.send_result(FutureRecord::<(), _>::to(&topic).payload(&large)).map(drop).unwrap_err();
    producer.abort_transaction(LONG).unwrap();
    assert_eq!(spans.one("transaction").int(MESSAGES), Some(1));

    let spans = TestSpans::new();
    let inner = config.create_with_context(tracing_kafka::TracedProducerContext::new(Ignoring)).unwrap();
    let producer: TracedThreadedProducer<Ignoring> =
        TracedThreadedProducer::with_config(inner, &config, settings(&spans));
    producer.init_transactions(LONG).unwrap();
    producer.begin_transaction().unwrap();
    producer.send(BaseRecord::<(), _, _>::to(&topic).payload(&large)).map_err(drop).unwrap_err();
    producer.abort_transaction(LONG).unwrap();
    assert_eq!(spans.one("transaction").int(MESSAGES), Some(0));
}

#[test]
fn calls_out_of_order_make_no_span() {
    let spans = TestSpans::new();
    let producer = producer(&transactional(), settings(&spans));
    producer.begin_transaction().unwrap_err();
    producer.abort_transaction(LONG).unwrap_err();
    drop(producer);
    assert!(spans.finished().is_empty());
}
