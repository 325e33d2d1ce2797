//! The span of a batch's item has the attributes that the span of a single delivery has.
#![allow(clippy::unwrap_used)]

use lapin::BasicProperties;
use lapin::message::Delivery;
use opentelemetry::trace::SpanKind;
use tracing_amqp::attribute::{DELIVERY_TAG, ROUTING_KEY};
use tracing_amqp::{Broker, Settings};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::testing::TestSpans;

fn delivery(tag: u64) -> Delivery {
    let mut delivery = Delivery::mock(tag, "orders".into(), "created".into(), false, b"body".to_vec());
    delivery.properties = BasicProperties::default()
        .with_message_id("message".into())
        .with_correlation_id("conversation".into());
    delivery
}

#[test]
fn routing_key_delivery_tag_size_and_ids() {
    // In a small batch every item has a span, in a large one those that fail.
    for (small_batch, fails) in [(10, false), (10, true), (0, true)] {
        let spans = TestSpans::new();
        let broker = Broker::at(
            "amqp://rabbitmq",
            Settings::new().with_provider(spans.provider()).with_body_sizes(true),
        );
        let deliveries: Vec<_> = (1..=2).map(|tag| broker.delivery(delivery(tag), "email")).collect();
        let mut batch = broker.batch("email").with_item_ratio(0.0).with_small_batch(small_batch);
        for delivery in &deliveries {
            delivery.add_to(&mut batch);
        }
        for delivery in &deliveries {
            let item = delivery.item(&batch);
            if fails { item.failed(&std::fmt::Error) } else { item.processed() }
        }
        batch.end();
        let finished = spans.finished();
        let [first, second, batch] = [0, 1, 2].map(|number| &finished[number].span);
        assert_eq!(batch.int(attribute::BATCH_MESSAGE_COUNT), Some(2));
        assert_eq!(batch.int(attribute::BATCH_BODY_SIZE), Some(8));
        for (item, tag) in [(first, 1), (second, 2)] {
            assert_eq!((item.parent_span_id, item.kind.clone()), (batch.span_id, SpanKind::Consumer));
            assert_eq!(item.text(ROUTING_KEY), Some("created"));
            assert_eq!(item.int(DELIVERY_TAG), Some(tag));
            assert_eq!(item.int(attribute::BODY_SIZE), Some(4));
            assert_eq!(item.text(attribute::MESSAGE_ID), Some("message"));
            assert_eq!(item.text(attribute::CONVERSATION_ID), Some("conversation"));
            assert_eq!(item.is_error(), fails);
        }
    }
}
