//! Settings apply to publishes and to deliveries.
#![allow(clippy::unwrap_used)]

mod support;

use std::borrow::Cow;

use lapin::BasicProperties;
use lapin::options::{BasicAckOptions, ExchangeDeclareOptions, QueueBindOptions};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanId, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use support::{Rabbit, next, unique, within};
use tracing_amqp::{Broker, Relation, Settings, attribute::ROUTING_KEY};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::testing::TestSpans;

#[tokio::test]
async fn baggage() {
    let rabbit = Rabbit::with(Settings::new().with_baggage_keys(["tenant"])).await;
    let queue = rabbit.queue("baggage").await;
    let mut consumer = rabbit.consume(&queue).await;
    let context = Context::new().with_baggage([KeyValue::new("tenant", "7"), KeyValue::new("secret", "x")]);
    rabbit.publish(&queue, b"", BasicProperties::default()).in_context(context).await;
    let delivery = next(&mut consumer).await;
    let sent = delivery.properties.headers().as_ref().unwrap().inner()["baggage"].clone();
    assert_eq!(sent, support::text("tenant=7"));
    let seen = delivery.process(|_delivery| async {
        let context = Context::current();
        let keys: Vec<_> = context.baggage().iter().map(|(key, _)| key.as_str().to_owned()).collect();
        Ok::<_, std::io::Error>(keys)
    });
    assert_eq!(within(seen).await.unwrap(), ["tenant"]);
}

#[tokio::test]
async fn a_filter_leaves_the_callers_context_in_the_message() {
    let rabbit =
        Rabbit::with(Settings::new().with_filter(|name| !name.contains("internal")).with_settle_spans(true))
            .await;
    let queue = rabbit.queue("internal").await;
    let mut consumer = rabbit.consume(&queue).await;
    let caller = rabbit.spans.tracer().span("caller").start();
    let caller_id = caller.span_context().span_id();
    let context = caller.in_context(&Context::new());
    rabbit.publish(&queue, b"", BasicProperties::default()).in_context(context).await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.origin().span_context().unwrap().span_id(), caller_id);
    let worked = delivery.process(|delivery| async move {
        delivery.ack(BasicAckOptions::default()).await?;
        Ok::<_, lapin::Error>(Context::current().span().span_context().span_id())
    });
    assert_eq!(within(worked).await.unwrap(), caller_id);
    assert!(rabbit.spans.finished().is_empty());
}

#[tokio::test]
async fn hooks_templates_and_relation() {
    let settings = Settings::new()
        .with_relation(Relation::NewTrace)
        .with_destination_template(|name| name.contains(":user.").then_some(Cow::Borrowed("users:user.{id}")))
        .with_send_hook(|message, span| {
            span.set("shop.size", message.body_size as i64);
        })
        .with_process_hook(|message, span| {
            span.set("shop.has_context", message.headers.get("traceparent").is_some());
        });
    let rabbit = Rabbit::with(settings).await;
    let exchange = unique("users");
    let queue = rabbit.queue("hooks").await;
    let channel = rabbit.channel.inner();
    let options = ExchangeDeclareOptions { auto_delete: true, ..Default::default() };
    let kind = lapin::ExchangeKind::Topic;
    within(channel.exchange_declare(exchange.as_str().into(), kind, options, Default::default()))
        .await
        .unwrap();
    let (bind, key) = (QueueBindOptions::default(), "user.*".into());
    let binding =
        channel.queue_bind(queue.as_str().into(), exchange.as_str().into(), key, bind, Default::default());
    within(binding).await.unwrap();
    let mut consumer = rabbit.consume(&queue).await;
    rabbit.publish_to(&exchange, "user.7", Default::default(), BasicProperties::default()).await.unwrap();
    drop(next(&mut consumer).await.start_processing());

    let [publish, process] =
        ["publish", "process"].map(|it| rabbit.spans.one(&format!("{it} users:user.{{id}}")));
    assert_eq!(publish.text(attribute::DESTINATION_NAME), Some(&*format!("{exchange}:user.7")));
    assert_eq!(process.text(attribute::DESTINATION_NAME), Some(&*format!("{exchange}:user.7:{queue}")));
    assert_eq!(process.text(ROUTING_KEY), Some("user.7"));
    assert_eq!(publish.int("shop.size"), Some(4));
    assert_eq!(process.attribute("shop.has_context").and_then(|value| value.as_bool()), Some(true));
    assert_ne!(process.trace_id, publish.trace_id);
    assert_eq!(process.parent_span_id, SpanId::INVALID);
    assert_eq!(process.links[0].span_id, publish.span_id);
}

#[test]
fn where_the_broker_is() {
    for (uri, address, port) in [
        ("amqp://user:secret@broker.internal:5673/vhost", Some("broker.internal"), Some(5673)),
        ("amqps://broker.internal", Some("broker.internal"), Some(5671)),
        ("no uri", None, None),
    ] {
        let spans = TestSpans::new();
        let broker = Broker::at(uri, Settings::new().with_provider(spans.provider()));
        broker.publish("", "q", 0, BasicProperties::default()).0.end();
        let span = spans.one("publish q");
        assert_eq!(span.text(attribute::SERVER_ADDRESS), address, "{uri}");
        assert_eq!(span.int(attribute::SERVER_PORT), port, "{uri}");
        assert!(!format!("{span:?}").contains("secret"), "{uri}");
    }
}
