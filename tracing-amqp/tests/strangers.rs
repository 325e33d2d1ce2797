//! Messages of clients without tracing, and arbitrary headers of untrusted peers, are read without harm.
#![allow(clippy::unwrap_used)]

mod support;

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldArray};
use opentelemetry::trace::SpanId;
use support::{Rabbit, headers, next, text, within};
use tracing_amqp::{Broker, Settings};
use tracing_core_lite::testing::TestSpans;

const SENDER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test]
async fn a_client_without_context() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("foreign").await;
    let mut consumer = rabbit.consume(&queue).await;
    for properties in [
        BasicProperties::default(),
        headers(&[("traceparent", text([0xff, 0xfe, 0x00]))]),
        headers(&[("traceparent", text(vec![b'0'; 100_000])), ("baggage", text([0xff; 10_000]))]),
    ] {
        let (options, key) = (BasicPublishOptions::default(), queue.as_str().into());
        let published = rabbit.channel.inner().basic_publish("".into(), key, options, b"", properties);
        within(within(published).await.unwrap()).await.unwrap();
        let delivery = next(&mut consumer).await;
        assert!(delivery.origin().span_context().is_none());
        drop(delivery.start_processing());
    }
    let finished = rabbit.spans.finished();
    assert_eq!(finished.len(), 3);
    assert!(finished.iter().all(|it| it.span.parent_span_id == SpanId::INVALID && it.span.links.is_empty()));
}

#[test]
fn whatever_headers_hold() {
    let huge = || text(vec![b'x'; 10 << 20]);
    let deep =
        (0..1000).fold(AMQPValue::Void, |value, _| AMQPValue::FieldArray(FieldArray::from(vec![value])));
    let sender = || text(SENDER);
    for (name, given, has_sender) in [
        ("long string", vec![("traceparent", sender())], true),
        ("short string", vec![("traceparent", AMQPValue::ShortString(SENDER.into()))], true),
        ("bytes", vec![("traceparent", AMQPValue::ByteArray(SENDER.as_bytes().into()))], true),
        ("upper case", vec![("TRACEPARENT", sender())], true),
        ("number", vec![("traceparent", AMQPValue::LongInt(7))], false),
        ("not text", vec![("traceparent", text([0xc3, 0x28]))], false),
        ("huge", vec![("traceparent", huge())], false),
        ("deep", vec![("traceparent", deep.clone()), ("x-death", deep)], false),
        ("huge tracestate", vec![("traceparent", sender()), ("tracestate", huge())], true),
        ("huge baggage", vec![("traceparent", sender()), ("baggage", huge())], true),
        ("huge attempt", vec![("traceparent", sender()), ("x-attempt", huge())], true),
        ("another huge one", vec![("traceparent", sender()), ("picture", huge())], true),
    ] {
        let spans = TestSpans::new();
        let broker = Broker::new(Settings::new().with_provider(spans.provider()), Default::default());
        let mut delivery = Delivery::mock(1, "".into(), "q".into(), false, Vec::new());
        delivery.properties = headers(&given);
        let delivery = broker.delivery(delivery, "q");
        assert_eq!(delivery.origin().span_context().is_some(), has_sender, "{name}");
        assert_eq!(delivery.origin().attempt().number(), 1, "{name}");
        let forwarded = delivery.properties_for_retry();
        drop(delivery.start_processing());
        assert_eq!(spans.one("process q").links.len(), usize::from(has_sender), "{name}");
        broker.publish("", "q", 0, forwarded).0.end();
        assert!(!spans.one("publish q").is_error(), "{name}");
    }
}
