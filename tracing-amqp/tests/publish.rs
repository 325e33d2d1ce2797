//! A publish is one span, with the broker's answer.
#![allow(clippy::unwrap_used)]

mod support;

use lapin::options::{BasicAckOptions, BasicPublishOptions};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Confirmation};
use opentelemetry::trace::SpanKind;
use support::{Rabbit, headers, next, text, unique, within};
use tracing_amqp::attribute::{CONFIRM, ROUTING_KEY};
use tracing_amqp::{Broker, Settings, TracedChannel};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::propagation::format_traceparent;
use tracing_core_lite::testing::TestSpans;

#[tokio::test]
async fn a_message_from_publish_to_ack_is_one_trace() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("one").await;
    let mut consumer = rabbit.consume(&queue).await;
    let properties = headers(&[("tenant", AMQPValue::LongInt(7)), ("TraceParent", text("stale"))])
        .with_correlation_id("conversation".into())
        .with_message_id("message".into());

    let caller = rabbit.spans.tracer().span("POST /orders").start();
    let caller_id = caller.span_context().span_id();
    let context = caller.in_context(&opentelemetry::Context::new());
    let confirmation = rabbit.publish(&queue, b"body", properties).in_context(context).await;
    assert_eq!(confirmation, Confirmation::Ack(None));
    drop(caller);

    let delivery = next(&mut consumer).await;
    let sent = delivery.origin().span_context().unwrap().clone();
    let table = delivery.properties.headers().clone().unwrap();
    assert_eq!(table.inner().len(), 2, "{table:?}");
    assert_eq!(table.inner()["tenant"], AMQPValue::LongInt(7));
    assert_eq!(table.inner()["traceparent"], text(format_traceparent(&sent)));
    delivery.process(|delivery| async move { delivery.ack(BasicAckOptions::default()).await }).await.unwrap();

    let [publish, process] =
        [rabbit.spans.one(&format!("publish {queue}")), rabbit.spans.one(&format!("process {queue}"))];
    assert_eq!((publish.kind.clone(), process.kind.clone()), (SpanKind::Producer, SpanKind::Consumer));
    assert_eq!(publish.parent_span_id, caller_id);
    assert_eq!(publish.span_id, sent.span_id());
    assert_eq!((process.trace_id, process.parent_span_id), (publish.trace_id, publish.span_id));
    for (key, value) in [
        (attribute::SYSTEM, "rabbitmq"),
        (attribute::OPERATION_NAME, "publish"),
        (attribute::OPERATION_TYPE, "send"),
        (attribute::DESTINATION_NAME, &*queue),
        (attribute::CONVERSATION_ID, "conversation"),
        (attribute::MESSAGE_ID, "message"),
        (attribute::SERVER_ADDRESS, "127.0.0.1"),
        (ROUTING_KEY, &*queue),
        (CONFIRM, "ack"),
    ] {
        assert_eq!(publish.text(key), Some(value), "{key}");
    }
    assert_eq!(publish.int(attribute::BODY_SIZE), None, "opt-in");
    assert!(publish.int(attribute::SERVER_PORT).is_some());
    assert!(!publish.is_error());
}

#[tokio::test]
async fn the_span_has_the_answer_of_the_broker() {
    let rabbit = Rabbit::connect().await;
    let limits = [("x-max-length", AMQPValue::LongInt(0)), ("x-overflow", text("reject-publish"))];
    let taken = rabbit.queue("taken").await;
    let full = rabbit.queue_with("full", &limits).await;
    let nowhere = unique("nowhere");
    let mandatory = BasicPublishOptions { mandatory: true, ..Default::default() };
    for (queue, options, said, error) in [
        (&taken, mandatory, "ack", None),
        (&full, mandatory, "nack", Some("nack")),
        (&nowhere, mandatory, "returned", Some("NO_ROUTE")),
        (&nowhere, BasicPublishOptions::default(), "ack", None),
    ] {
        let spans_before = rabbit.spans.finished().len();
        let confirmation = rabbit.publish_to("", queue, options, BasicProperties::default()).await.unwrap();
        let is_expected = match (said, &confirmation) {
            ("ack", Confirmation::Ack(None)) | ("nack", Confirmation::Nack(None)) => true,
            ("returned", Confirmation::Ack(Some(returned))) => returned.reply_code == 312,
            _ => false,
        };
        assert!(is_expected, "{said}: {confirmation:?}");
        let finished = rabbit.spans.finished();
        assert_eq!(finished.len(), spans_before + 1, "{said}");
        let span = &finished[spans_before].span;
        assert_eq!(span.text(CONFIRM), Some(said));
        assert_eq!(span.text(attribute::ERROR_TYPE), error, "{said}");
        assert_eq!(span.is_error(), error.is_some(), "{said}");
    }
}

#[tokio::test]
async fn without_confirms_the_span_ends_when_the_message_is_written() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("plain").await;
    let plain = rabbit.channel.broker().channel(rabbit.connection.create_channel().await.unwrap());
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let published = plain.basic_publish("".into(), queue.as_str().into(), options, b"body", properties);
    let confirm = within(published).await.unwrap();
    let span = rabbit.spans.one(&format!("publish {queue}"));
    assert_eq!(span.text(CONFIRM), None);
    assert_eq!(within(confirm).await.unwrap(), Confirmation::NotRequested);
    assert_eq!(rabbit.spans.finished().len(), 1);
}

#[tokio::test]
async fn a_mandatory_message_whose_confirm_is_dropped_stays_with_lapin() {
    let rabbit = Rabbit::connect().await;
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    let channel = &rabbit.channel;
    let mut is_ignored = false;
    // The answer may arrive before the confirm is dropped.
    for _ in 0..50 {
        let nowhere = unique("nowhere");
        let properties = BasicProperties::default();
        let published = channel.basic_publish("".into(), nowhere.as_str().into(), options, b"", properties);
        drop(within(published).await.unwrap());
        let span = rabbit.spans.one(&format!("publish {nowhere}"));
        match span.text(CONFIRM) {
            Some("ignored") => is_ignored = true,
            outcome => assert_eq!(outcome, Some("returned")),
        }
        if is_ignored {
            break;
        }
    }
    assert!(is_ignored, "every answer arrived before its confirm was dropped");
    let returned = within(channel.inner().wait_for_confirms()).await.unwrap();
    assert_eq!(returned.len(), 1, "lapin keeps what came back");
}

#[tokio::test]
async fn the_error_of_the_bare_client_is_returned() {
    let rabbit = Rabbit::connect().await;
    let exchange = unique("no-such-exchange");
    let traced = rabbit
        .publish_to(&exchange, "key", BasicPublishOptions::default(), BasicProperties::default())
        .await
        .unwrap_err();
    assert!(traced.is_amqp_soft_error(), "{traced:?}");
    let name = format!("publish {exchange}:key");
    let span = rabbit.spans.one(&name);
    assert_eq!(span.text(attribute::ERROR_TYPE), Some("NOT_FOUND"));

    // The broker has closed the channel.
    let options = BasicPublishOptions::default();
    let again = rabbit.publish_to(&exchange, "key2", options, BasicProperties::default()).await.unwrap_err();
    let (queue, properties) = ("key2".into(), BasicProperties::default());
    let bare =
        rabbit.channel.inner().basic_publish("".into(), queue, options, b"", properties).await.unwrap_err();
    assert_eq!(again, bare);
    let span = rabbit.spans.one(&format!("{name}2"));
    assert_eq!(span.text(attribute::ERROR_TYPE), Some("invalid_channel_state"));
}

#[test]
fn long_and_temporary_names() {
    let long = "ä".repeat(600);
    let cut = "ä".repeat(127);
    for (exchange, key, name, destination, is_temporary) in [
        ("", "", "publish amq.default", "amq.default", None),
        ("orders", "", "publish orders", "orders", None),
        ("orders", "created", "publish orders:created", "orders:created", None),
        ("", "amq.gen-x7", "publish broker:5672", "amq.gen-x7", Some(true)),
        ("", "amq.rabbitmq.reply-to.g1h2", "publish broker:5672", "amq.rabbitmq.reply-to.g1h2", Some(true)),
        (&long, "", &format!("publish {cut}"), &cut, None),
        (&long, &long, &format!("publish {cut}:{}", "ä".repeat(12)), &format!("{cut}:{cut}"), None),
    ] {
        let spans = TestSpans::new();
        let broker = Broker::at("amqp://broker/%2f", Settings::new().with_provider(spans.provider()));
        let (in_flight, properties) = broker.publish(exchange, key, 0, BasicProperties::default());
        assert!(properties.headers().is_some());
        in_flight.end();
        let span = spans.one(name);
        assert_eq!(span.text(attribute::DESTINATION_NAME), Some(destination));
        for key in [attribute::DESTINATION_TEMPORARY, attribute::DESTINATION_ANONYMOUS] {
            assert_eq!(span.attribute(key).and_then(|value| value.as_bool()), is_temporary, "{destination}");
        }
    }
}

#[test]
fn a_channel_is_shared_between_tasks() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<TracedChannel>();
    is_shared::<Broker>();
}
