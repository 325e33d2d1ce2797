//! The span of a message that was dead-lettered or published again has the number of the attempt, and links to the senders.
#![allow(clippy::unwrap_used)]

mod support;

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use opentelemetry::trace::SpanKind;
use support::{Rabbit, headers, next, text, unique, within};
use tracing_amqp::attribute::{DEAD_LETTER_COUNT, DEAD_LETTER_QUEUE, DEAD_LETTER_REASON};
use tracing_amqp::{ATTEMPT, Broker, Settings};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;

fn processed(spans: &TestSpans) -> Vec<SpanData> {
    spans.finished().into_iter().map(|it| it.span).filter(|it| it.kind == SpanKind::Consumer).collect()
}

#[tokio::test]
async fn through_a_dead_letter_exchange_and_back() {
    let rabbit = Rabbit::connect().await;
    // Rejected messages go to `wait`, and return after a millisecond.
    let wait = unique("wait");
    let to = |queue: &str| [("x-dead-letter-exchange", text("")), ("x-dead-letter-routing-key", text(queue))];
    let work = rabbit.queue_with("work", &to(&wait)).await;
    let mut back = to(&work).to_vec();
    back.push(("x-message-ttl", AMQPValue::LongInt(1)));
    rabbit.declare(&wait, &back).await;

    let mut consumer = rabbit.consume(&work).await;
    rabbit.publish(&work, b"body", BasicProperties::default()).await;
    for attempt in 1..=3 {
        let delivery = next(&mut consumer).await;
        assert_eq!(delivery.origin().attempt().number(), attempt);
        let delivery = delivery.start_processing();
        let settled = match attempt {
            3 => within(delivery.ack(BasicAckOptions::default())).await,
            2 => within(delivery.reject(BasicRejectOptions::default())).await,
            _ => within(delivery.nack(BasicNackOptions::default())).await,
        };
        assert!(settled.unwrap());
    }
    let publish = rabbit.spans.one(&format!("publish {work}"));
    for (number, span) in processed(&rabbit.spans).iter().enumerate() {
        let number = number as i64;
        let retried = (number > 0).then_some(number);
        assert_eq!(span.int(attribute::ATTEMPT), retried.map(|number| number + 1));
        assert_eq!(span.int(DEAD_LETTER_COUNT), retried);
        assert_eq!(span.text(DEAD_LETTER_REASON), retried.map(|_| "expired"));
        assert_eq!(span.text(DEAD_LETTER_QUEUE), retried.map(|_| &*work));
        assert_eq!((span.parent_span_id, span.links[0].span_id), (publish.span_id, publish.span_id));
    }
    assert_eq!(processed(&rabbit.spans).len(), 3);
}

#[tokio::test]
async fn published_again_by_the_worker() {
    let rabbit = Rabbit::connect().await;
    let [work, retry] = [rabbit.queue("work").await, rabbit.queue("retry").await];
    let mut consumers = [rabbit.consume(&work).await, rabbit.consume(&retry).await];
    let given = headers(&[("tenant", text("7"))]).with_message_id("message".into());
    rabbit.publish(&work, b"body", given).await;
    for attempt in 1..=3 {
        let consumer = &mut consumers[usize::from(attempt > 1)];
        let delivery = next(consumer).await;
        assert_eq!(delivery.origin().attempt().number(), attempt);
        assert_eq!(delivery.properties.message_id().as_ref().unwrap().as_str(), "message");
        let (rabbit, retry) = (&rabbit, &retry);
        let worked = delivery.process(|delivery| async move {
            if attempt < 3 {
                rabbit.publish(retry, &delivery.data, delivery.properties_for_retry()).await;
            } else {
                let sent = delivery.properties.headers().as_ref().unwrap().inner();
                assert_eq!((&sent["tenant"], &sent[ATTEMPT]), (&text("7"), &text("3")));
            }
            delivery.ack(BasicAckOptions::default()).await
        });
        assert!(within(worked).await.unwrap());
    }
    let spans: Vec<_> = rabbit.spans.finished().into_iter().map(|it| it.span).collect();
    let sent: Vec<_> = spans.iter().filter(|it| it.kind == SpanKind::Producer).collect();
    let worked = processed(&rabbit.spans);
    let links = |number: usize| worked[number].links.iter().map(|link| link.span_id).collect::<Vec<_>>();
    assert_eq!(links(0), [sent[0].span_id]);
    assert_eq!(links(1), [sent[1].span_id, sent[0].span_id]);
    assert_eq!(links(2), [sent[2].span_id, sent[0].span_id]);
    assert_eq!(sent[2].parent_span_id, worked[1].span_id);
    assert_eq!(worked[2].int(attribute::ATTEMPT), Some(3));
}

fn death(reason: &str, queue: &str, count: AMQPValue) -> AMQPValue {
    let mut death = FieldTable::default();
    death
        .insert("reason".into(), text(reason))
        .insert("queue".into(), text(queue))
        .insert("count".into(), count);
    AMQPValue::FieldTable(death)
}

#[test]
fn headers_of_untrusted_peers() {
    let many = vec![death("rejected", "q", AMQPValue::LongLongInt(i64::MAX)); 10_000];
    let array = |deaths: Vec<AMQPValue>| AMQPValue::FieldArray(FieldArray::from(deaths));
    let rejected = death("rejected", "new", AMQPValue::LongLongInt(2));
    let expired = death("expired", "old", AMQPValue::LongLongInt(5));
    for (name, header, attempt, count, reason, queue) in [
        ("two", array(vec![rejected.clone(), expired.clone()]), 3, Some(2), Some("rejected"), Some("old")),
        ("expired", array(vec![expired, rejected]), 3, Some(5), Some("expired"), Some("new")),
        ("own reason", array(vec![death("bored", "q", AMQPValue::Void)]), 1, None, Some("_OTHER"), Some("q")),
        ("too many", array(many), u32::MAX, Some(i64::MAX), Some("rejected"), Some("q")),
        (
            "negative",
            array(vec![death("rejected", "q", AMQPValue::LongInt(-4))]),
            1,
            Some(-4),
            Some("rejected"),
            Some("q"),
        ),
        ("no tables", array(vec![AMQPValue::LongInt(1)]), 1, None, None, None),
        ("empty", array(Vec::new()), 1, None, None, None),
        ("no array", text("x"), 1, None, None, None),
    ] {
        let spans = TestSpans::new();
        let broker = Broker::new(Settings::new().with_provider(spans.provider()), Default::default());
        let mut delivery = Delivery::mock(1, "".into(), "q".into(), false, Vec::new());
        delivery.properties = headers(&[("x-death", header)]);
        let delivery = broker.delivery(delivery, "q");
        assert_eq!(delivery.origin().attempt().number(), attempt, "{name}");
        drop(delivery.start_processing());
        let span = spans.one("process q");
        assert_eq!(span.int(DEAD_LETTER_COUNT), count, "{name}");
        assert_eq!(span.text(DEAD_LETTER_REASON), reason, "{name}");
        assert_eq!(span.text(DEAD_LETTER_QUEUE), queue, "{name}");
    }
}
