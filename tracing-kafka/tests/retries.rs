//! Through a retry topic and a dead-letter topic, each attempt links to the first sender and to the attempt before.
#![allow(clippy::unwrap_used)]

mod support;

use std::io;

use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use support::{LONG, config, consumer, headers, producer, settings, soon, topic, user_headers};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{TracedFutureProducer, TracedStreamConsumer};

/// Fails to process the next message, and publishes it to the `next` topic.
async fn fail_and_republish(consumer: &TracedStreamConsumer, producer: &TracedFutureProducer, next: &str) {
    let message = soon(consumer.recv()).await.unwrap();
    let outcome = message.process(|message| async move {
        let record = FutureRecord::to(next)
            .key(message.key().unwrap())
            .payload(message.payload().unwrap())
            .headers(message.retry_headers());
        soon(producer.send(record, LONG)).await.unwrap();
        Err::<(), _>(io::Error::other("broken"))
    });
    outcome.await.unwrap_err();
}

fn linked(span: &SpanData) -> Vec<opentelemetry::trace::SpanId> {
    assert!(span.links.iter().all(tracing_core_lite::span::data::LinkData::is_follows_from));
    span.links.iter().map(|link| link.span_id).collect()
}

#[tokio::test]
async fn to_a_retry_topic_and_to_dead_letters() {
    let spans = TestSpans::new();
    let config = config();
    let [orders, retry, dead] = [
        topic(&config, "orders", 1).await,
        topic(&config, "retry", 1).await,
        topic(&config, "dead", 1).await,
    ];
    let producer = producer(&config, settings(&spans));
    let of_user: &[(&str, Option<&[u8]>)] =
        &[("tenant", Some(b"7")), ("null", None), ("tenant", Some(b"\xff"))];
    let record = FutureRecord::to(&orders).key("4711").payload("x").headers(headers(of_user));
    soon(producer.send(record, LONG)).await.unwrap();

    let consumer = consumer(&config, &[&orders, &retry, &dead], settings(&spans));
    fail_and_republish(&consumer, &producer, &retry).await;
    fail_and_republish(&consumer, &producer, &dead).await;
    let last = soon(consumer.recv()).await.unwrap();
    last.start_processing().end();

    let [sent, resent, buried] = [&orders, &retry, &dead].map(|topic| spans.one(&format!("send {topic}")));
    let [first, second, third] = [&orders, &retry, &dead].map(|topic| spans.one(&format!("process {topic}")));
    assert_eq!((resent.parent_span_id, buried.parent_span_id), (first.span_id, second.span_id));
    assert_eq!(linked(&first), [sent.span_id]);
    assert_eq!(linked(&second), [resent.span_id, sent.span_id]);
    assert_eq!(linked(&third), [buried.span_id, sent.span_id]);
    assert_eq!([&first, &second, &third].map(|span| span.int(attribute::ATTEMPT)), [None, Some(2), Some(3)]);
    assert_eq!(last.origin().attempt().first().unwrap().span_id(), sent.span_id);

    let mut expected: Vec<_> =
        of_user.iter().map(|&(key, value)| (key.to_owned(), value.map(<[u8]>::to_vec))).collect();
    let first_sender = format!("00-{}-{}-01", sent.trace_id, sent.span_id).into_bytes();
    expected.push(("x-attempt".to_owned(), Some(b"3".to_vec())));
    expected.push(("x-first-traceparent".to_owned(), Some(first_sender)));
    assert_eq!(user_headers(last.headers()), expected);
}

#[tokio::test]
async fn a_retry_of_a_message_without_context() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "stranger", 1).await;
    let stranger: FutureProducer = config.create().unwrap();
    soon(stranger.send(FutureRecord::to(&topic).key("4711").payload("x"), LONG)).await.unwrap();

    let consumer = consumer(&config, &[&topic], settings(&spans));
    fail_and_republish(&consumer, &producer(&config, settings(&spans)), &topic).await;
    let message = soon(consumer.recv()).await.unwrap();
    message.start_processing().end();
    assert_eq!((message.origin().attempt().number(), message.origin().attempt().first()), (2, None));
    let sent = spans.one(&format!("send {topic}"));
    let processed = support::named(&spans, &format!("process {topic}"));
    assert_eq!((linked(&processed[0]), linked(&processed[1])), (vec![], vec![sent.span_id]));
}
