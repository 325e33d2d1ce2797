//! A message is a span when it is sent and one when it is processed, in one trace, with the attributes of the conventions.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;

use opentelemetry::trace::{SpanKind, TraceContextExt};
use rdkafka::Message;
use rdkafka::producer::FutureRecord;
use support::{LONG, config, consumer, producer, settings, soon, topic};
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::{AnyValue, SpanData};
use tracing_core_lite::testing::TestSpans;

fn keys(span: &SpanData) -> Vec<&str> {
    span.attributes.iter().map(|(key, _)| key.as_str()).collect()
}

#[tokio::test]
async fn sent_and_processed() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "orders.created", 1).await;
    let producer = producer(&config, settings(&spans));
    let order = spans.tracer().span("order").start();
    let record = FutureRecord::to(&topic).key("4711").payload("a body");
    let delivery =
        soon(producer.send(record, LONG).in_context(order.in_context(&Context::new()))).await.unwrap();
    drop(order);

    let consumer = consumer(&config, &[&topic], settings(&spans));
    let message = soon(consumer.recv()).await.unwrap();
    assert_eq!((message.payload(), message.offset()), (Some(&b"a body"[..]), delivery.offset));
    let inside = message
        .process(|message| async move {
            assert_eq!(message.key(), Some(&b"4711"[..]));
            Ok::<_, Infallible>(Context::current().span().span_context().span_id())
        })
        .await
        .unwrap();

    let [order, sent] = [spans.one("order"), spans.one(&format!("send {topic}"))];
    let processed = spans.one(&format!("process {topic}"));
    assert_eq!((sent.kind.clone(), processed.kind.clone()), (SpanKind::Producer, SpanKind::Consumer));
    assert_eq!((sent.trace_id, processed.trace_id), (order.trace_id, order.trace_id));
    assert_eq!((sent.parent_span_id, processed.parent_span_id), (order.span_id, sent.span_id));
    assert_eq!(inside, processed.span_id);
    assert_eq!(processed.links.len(), 1);
    assert!(processed.links[0].is_follows_from() && processed.links[0].span_id == sent.span_id);

    let servers = config.get("bootstrap.servers").unwrap();
    let (host, port) = servers.rsplit_once(':').unwrap();
    for (name, span) in [("send", &sent), ("process", &processed)] {
        for (key, value) in [
            (attribute::SYSTEM, "kafka"),
            (attribute::OPERATION_NAME, name),
            (attribute::OPERATION_TYPE, name),
            (attribute::DESTINATION_NAME, &topic),
            (attribute::DESTINATION_PARTITION, "0"),
            (attribute::CLIENT_ID, "shop-1"),
            (attribute::SERVER_ADDRESS, host),
            ("messaging.kafka.message.key", "4711"),
        ] {
            assert_eq!(span.text(key), Some(value), "{name}: {key}");
        }
        assert_eq!(span.int(attribute::SERVER_PORT), port.parse().ok(), "{name}");
        assert_eq!(span.int(attribute::BODY_SIZE), None, "{name}");
        assert_eq!(span.int("messaging.kafka.offset"), Some(delivery.offset), "{name}");
        assert!(!keys(span).contains(&"messaging.kafka.message.tombstone"), "{name}");
        assert!(!span.is_error(), "{name}");
    }
    assert_eq!(processed.text(attribute::CONSUMER_GROUP), config.get("group.id"));
    assert_eq!(sent.text(attribute::CONSUMER_GROUP), None);
    let Some(AnyValue::Double(age)) = processed.attribute(attribute::AGE) else { panic!("no age") };
    assert!((0.0..LONG.as_secs_f64()).contains(age), "{age}");
}
