//! The work on a delivery is one span, with the outcome of the delivery.
#![allow(clippy::unwrap_used)]

mod support;

use std::io;

use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicNackOptions, BasicRejectOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, message::Delivery};
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, TraceContextExt};
use support::{Rabbit, next, within};
use tokio::sync::mpsc;
use tracing_amqp::attribute::{DELIVERY_TAG, OUTCOME, REDELIVERED, ROUTING_KEY};
use tracing_amqp::{Broker, Settings, TracedDeliveryResult};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;

const REQUEUE: BasicNackOptions = BasicNackOptions { multiple: false, requeue: true };
const REJECT_REQUEUE: BasicRejectOptions = BasicRejectOptions { requeue: true };

fn redelivered(span: &SpanData) -> Option<bool> {
    span.attribute(REDELIVERED).and_then(|value| value.as_bool())
}

/// Returns the `process` spans, the oldest first.
fn processed(spans: &TestSpans) -> Vec<SpanData> {
    spans.finished().into_iter().map(|it| it.span).filter(|it| it.kind == SpanKind::Consumer).collect()
}

#[tokio::test]
async fn outcomes_and_redeliveries() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("outcomes").await;
    let mut consumer = rabbit.consume(&queue).await;
    rabbit.publish(&queue, b"body", BasicProperties::default()).await;
    // The message is redelivered until it is acknowledged.
    let first = next(&mut consumer).await.start_processing();
    assert!(within(first.nack(REQUEUE)).await.unwrap());
    let second = next(&mut consumer).await.start_processing();
    assert!(within(second.reject(REJECT_REQUEUE)).await.unwrap());
    let third = next(&mut consumer).await.start_processing();
    assert!(within(third.ack(BasicAckOptions::default())).await.unwrap());
    assert!(!within(third.ack(BasicAckOptions::default())).await.unwrap(), "as the bare client says");
    for (outcome, message) in [("nack", "1"), ("reject", "2"), ("dropped", "3"), ("settled elsewhere", "4")] {
        rabbit.publish(&queue, message.as_bytes(), BasicProperties::default()).await;
        let delivery = next(&mut consumer).await.start_processing();
        match outcome {
            "nack" => drop(within(delivery.nack(BasicNackOptions::default())).await.unwrap()),
            "reject" => drop(within(delivery.reject(BasicRejectOptions::default())).await.unwrap()),
            "dropped" => {}
            _ => drop(within(delivery.acker.ack(BasicAckOptions::default())).await.unwrap()),
        }
        drop(delivery);
    }
    let spans = processed(&rabbit.spans);
    let seen: Vec<_> =
        spans.iter().map(|span| (span.text(OUTCOME).unwrap(), redelivered(span).unwrap())).collect();
    assert_eq!(
        seen,
        [
            ("nack requeue", false),
            ("reject requeue", true),
            ("ack", true),
            ("nack", false),
            ("reject", false),
            ("dropped", false),
            ("settled elsewhere", false),
        ]
    );
    drop(first);
    assert_eq!(processed(&rabbit.spans).len(), 7, "a span ends once");
    for (number, span) in spans.iter().enumerate() {
        assert_eq!(span.text(ROUTING_KEY), Some(&*queue));
        assert_eq!(span.text(attribute::OPERATION_TYPE), Some("process"));
        assert_eq!(span.int(DELIVERY_TAG), Some(number as i64 + 1));
        assert_eq!(span.links.len(), 1);
        assert!(span.links[0].is_follows_from() && !span.is_error());
    }
}

#[tokio::test]
async fn work_that_fails_or_is_cancelled() {
    let spans = TestSpans::new();
    let broker = Broker::at("amqp://broker/%2f", Settings::new().with_provider(spans.provider()));
    let delivery = || broker.delivery(Delivery::mock(1, "x".into(), "k".into(), false, vec![1]), "q");

    let failed = delivery()
        .process(|delivery| async move {
            delivery.nack(BasicNackOptions::default()).await.unwrap();
            Err::<(), _>(io::Error::other("no paper"))
        })
        .await;
    assert!(failed.is_err());
    let waiting = delivery().process(|_delivery| std::future::pending::<Result<(), io::Error>>());
    assert!(tokio::time::timeout(std::time::Duration::from_millis(1), waiting).await.is_err());
    let guard = delivery().start_processing();
    guard.record_error_as("no_paper", &io::Error::other("no paper"));
    assert!(spans.tracer().span("below").with_parent(guard.context()).start().is_recording());
    drop(guard);

    let spans = processed(&spans);
    let seen: Vec<_> =
        spans.iter().map(|span| (span.text(OUTCOME).unwrap(), span.text(attribute::ERROR_TYPE))).collect();
    let io_error = spans[0].text(attribute::ERROR_TYPE);
    assert!(io_error.is_some());
    assert_eq!(seen, [("nack", io_error), ("dropped", None), ("dropped", Some("no_paper"))]);
    assert!(spans.iter().all(|span| span.name == "process x:k:q"));
}

#[tokio::test]
async fn all_of_the_work_is_in_the_message_s_context() {
    let spans = TestSpans::new();
    let broker = Broker::at("amqp://broker/%2f", Settings::new().with_provider(spans.provider()));
    let delivery = broker.delivery(Delivery::mock(1, "x".into(), "k".into(), false, vec![1]), "q");
    let current = || Context::current().span().span_context().span_id();
    let worked =
        delivery.process(|delivery| {
            let before = current();
            async move {
                Ok::<_, io::Error>((before, current(), delivery.context().span().span_context().span_id()))
            }
        });
    let (before, within, expected) = worked.await.unwrap();
    assert_eq!((before, within), (expected, expected));
}

#[tokio::test]
async fn a_delegate_works_in_the_message_s_context() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("delegate").await;
    let (worked, mut working) = mpsc::unbounded_channel();
    rabbit.publish(&queue, b"before", BasicProperties::default()).await;
    rabbit.consume(&queue).await.set_delegate(move |delivery: TracedDeliveryResult| {
        let worked = worked.clone();
        async move {
            let Ok(Some(delivery)) = delivery else { return };
            let ended = delivery
                .process(|delivery| async move {
                    let current = Context::current().span().span_context().span_id();
                    delivery.ack(BasicAckOptions::default()).await.map(|is_acked| (current, is_acked))
                })
                .await;
            worked.send(ended.unwrap()).unwrap();
        }
    });
    rabbit.publish(&queue, b"after", BasicProperties::default()).await;
    let mut worked = Vec::new();
    for _ in 0..2 {
        worked.push(within(working.recv()).await.unwrap());
    }
    let spans = processed(&rabbit.spans);
    assert_eq!(spans.len(), 2);
    for (span_id, is_acked) in worked {
        assert!(is_acked);
        let span = spans.iter().find(|span| span.span_id == span_id).unwrap();
        assert_eq!(span.text(OUTCOME), Some("ack"));
    }
}

#[tokio::test]
async fn a_message_on_request() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("get").await;
    let get = || within(rabbit.channel.basic_get(queue.as_str().into(), BasicGetOptions::default()));
    assert!(get().await.unwrap().is_none());
    rabbit.publish(&queue, b"one", BasicProperties::default()).await;
    rabbit.publish(&queue, b"two", BasicProperties::default()).await;
    let message = get().await.unwrap().unwrap();
    assert_eq!((message.message_count, &*message.data), (1, &b"one"[..]));
    let message = message.delivery.start_processing();
    within(message.ack(BasicAckOptions::default())).await.unwrap();

    let finished = rabbit.spans.finished();
    let names: Vec<_> = finished.iter().map(|it| it.span.name.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["get", "publish", "publish", "get", "process"]);
    let [empty, sent, _, got, process] = [0, 1, 2, 3, 4].map(|number| &finished[number].span);
    assert!(empty.links.is_empty());
    assert_eq!((got.kind.clone(), got.text(attribute::OPERATION_TYPE)), (SpanKind::Client, Some("receive")));
    assert_eq!(got.links[0].span_id, sent.span_id);
    assert_eq!(got.int(DELIVERY_TAG), Some(1));
    assert_eq!((process.parent_span_id, process.trace_id), (sent.span_id, sent.trace_id));

    let missing = rabbit.channel.basic_get("no-such-queue".into(), BasicGetOptions::default());
    assert!(within(missing).await.unwrap_err().is_amqp_soft_error());
    let failed = rabbit.spans.one("get no-such-queue");
    assert_eq!(failed.text(attribute::ERROR_TYPE), Some("NOT_FOUND"));
}

#[tokio::test]
async fn a_consumer_that_does_not_acknowledge() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("no-ack").await;
    let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
    let consuming =
        rabbit.channel.basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default());
    let mut consumer = within(consuming).await.unwrap();
    rabbit.publish(&queue, b"", BasicProperties::default()).await;
    drop(next(&mut consumer).await.start_processing());
    assert_eq!(processed(&rabbit.spans)[0].text(OUTCOME), Some("automatic"));
}

#[tokio::test]
async fn settlements_have_spans_if_the_settings_ask_for_them() {
    let rabbit = Rabbit::with(Settings::new().with_settle_spans(true)).await;
    let queue = rabbit.queue("settle").await;
    let mut consumer = rabbit.consume(&queue).await;
    for _ in 0..3 {
        rabbit.publish(&queue, b"", BasicProperties::default()).await;
    }
    let worked_on = next(&mut consumer).await.start_processing();
    within(worked_on.ack(BasicAckOptions::default())).await.unwrap();
    within(worked_on.ack(BasicAckOptions::default())).await.unwrap();
    within(next(&mut consumer).await.reject(BasicRejectOptions::default())).await.unwrap();
    within(next(&mut consumer).await.nack(BasicNackOptions::default())).await.unwrap();

    let finished = rabbit.spans.finished();
    let settled: Vec<_> = finished
        .iter()
        .map(|it| &it.span)
        .filter(|it| it.text(attribute::OPERATION_TYPE) == Some("settle"))
        .collect();
    let seen: Vec<_> = settled.iter().map(|it| (it.name.as_str(), it.text(attribute::ERROR_TYPE))).collect();
    let [ack, reject, nack] = ["ack", "reject", "nack"].map(|operation| format!("{operation} {queue}"));
    assert_eq!(seen, [(&*ack, None), (&*ack, Some("already_settled")), (&*reject, None), (&*nack, None)]);
    let process = processed(&rabbit.spans).remove(0);
    assert_eq!(settled[0].parent_span_id, process.span_id);
    assert!(settled.iter().all(|it| it.kind == SpanKind::Client && it.int(DELIVERY_TAG).is_some()));
}
