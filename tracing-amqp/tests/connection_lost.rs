//! A lost connection, and its recovery, neither lose nor duplicate spans.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ErrorKind};
use opentelemetry::trace::SpanKind;
use support::proxy::Proxy;
use support::{Rabbit, next, unique, within};
use tracing_amqp::attribute::{CONFIRM, OUTCOME, REDELIVERED};
use tracing_amqp::{RpcClient, Settings, TracedDeliveryResult};
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;

async fn connect(proxy: &Proxy, properties: ConnectionProperties) -> Rabbit {
    Rabbit::at(&proxy.url(), properties, TestSpans::new(), Settings::new()).await
}

/// A queue that outlives its connection.
async fn lasting_queue(rabbit: &Rabbit, name: &str) -> String {
    let queue = unique(name);
    let (options, table) = (QueueDeclareOptions::default(), FieldTable::default());
    within(rabbit.channel.inner().queue_declare(queue.as_str().into(), options, table)).await.unwrap();
    queue
}

fn is_of(kind: &ErrorKind, other: &ErrorKind) -> bool {
    std::mem::discriminant(kind) == std::mem::discriminant(other)
}

#[tokio::test]
async fn the_broker_goes_away_before_it_confirms() {
    let proxy = Proxy::start().await;
    let rabbit = connect(&proxy, ConnectionProperties::default()).await;
    let bare = confirming(&rabbit.connection).await;
    let queue = rabbit.queue("unconfirmed").await;
    proxy.mute();
    let (options, key) = (BasicPublishOptions::default(), || queue.as_str().into());
    let traced = rabbit.channel.basic_publish("".into(), key(), options, b"", BasicProperties::default());
    let traced = within(traced).await.unwrap();
    let bare_confirm = bare.basic_publish("".into(), key(), options, b"", BasicProperties::default());
    let bare_confirm = within(bare_confirm).await.unwrap();
    assert!(rabbit.spans.finished().is_empty(), "no message is confirmed yet");

    proxy.go_away();
    let [traced, expected] = [within(traced).await.unwrap_err(), within(bare_confirm).await.unwrap_err()];
    assert!(is_of(traced.kind(), expected.kind()), "{traced:?} {expected:?}");
    let span = rabbit.spans.one(&format!("publish {queue}"));
    assert!(span.is_error() && span.text(attribute::ERROR_TYPE).is_some());
    assert_eq!(span.text(CONFIRM), None);

    // The broker is gone.
    let again = rabbit.publish_to("", "later", options, BasicProperties::default()).await.unwrap_err();
    let expected = bare.basic_publish("".into(), "later".into(), options, b"", BasicProperties::default());
    let expected = within(expected).await.unwrap_err();
    assert!(is_of(again.kind(), expected.kind()), "{again:?} {expected:?}");
    assert!(rabbit.spans.one("publish later").is_error());
    assert_eq!(rabbit.spans.finished().len(), 2);
}

async fn confirming(connection: &Connection) -> Channel {
    let channel = within(connection.create_channel()).await.unwrap();
    within(channel.confirm_select(ConfirmSelectOptions::default())).await.unwrap();
    channel
}

#[tokio::test]
async fn a_delivery_whose_connection_was_lost_is_delivered_again() {
    let proxy = Proxy::start().await;
    let rabbit = connect(&proxy, ConnectionProperties::default().enable_auto_recover()).await;
    let queue = lasting_queue(&rabbit, "recovery").await;
    let mut consumer = rabbit.consume(&queue).await;
    rabbit.publish(&queue, b"before", BasicProperties::default()).await;
    let lost = next(&mut consumer).await.start_processing();
    proxy.cut();
    let again = within(async {
        loop {
            // The stream may return the loss of the connection before it continues.
            if let Ok(delivery) = consumer.next().await.unwrap() {
                break delivery.start_processing();
            }
        }
    })
    .await;
    assert!(!within(lost.ack(BasicAckOptions::default())).await.unwrap(), "as the bare client says");
    drop(lost);
    within(again.ack(BasicAckOptions::default())).await.unwrap();
    rabbit.delete(&queue).await;

    let process: Vec<_> = spans_of(&rabbit, SpanKind::Consumer);
    let seen: Vec<_> = process.iter().map(|span| (span.text(OUTCOME), is_redelivered(span))).collect();
    assert_eq!(seen, [(Some("dropped"), false), (Some("ack"), true)]);
    let publish = rabbit.spans.one(&format!("publish {queue}"));
    assert!(process.iter().all(|span| span.parent_span_id == publish.span_id));
}

fn is_redelivered(span: &SpanData) -> bool {
    span.attribute(REDELIVERED).and_then(|value| value.as_bool()).unwrap()
}

fn spans_of(rabbit: &Rabbit, kind: SpanKind) -> Vec<SpanData> {
    rabbit.spans.finished().into_iter().map(|it| it.span).filter(|span| span.kind == kind).collect()
}

async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Cuts the connection while a publish waits for its confirm, and waits for the recovery. (A publish during the recovery itself
/// may hang with lapin 4.12, with or without this crate.)
async fn lose_connection(proxy: &Proxy, rabbit: &Rabbit, queue: &str) {
    let channel = &rabbit.channel;
    proxy.mute();
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let published = channel.basic_publish("".into(), queue.into(), options, b"lost", properties);
    let confirm = within(published).await.unwrap();
    proxy.cut();
    let error = within(confirm).await.unwrap_err();
    within(channel.inner().wait_for_recovery(error)).await.unwrap();
    within(until(|| channel.inner().status().connected())).await;
}

#[tokio::test]
async fn recovery_in_the_middle_of_many_messages() {
    const MESSAGES: usize = 60;
    const LOSSES: usize = 3;
    let proxy = Proxy::start().await;
    let rabbit = connect(&proxy, ConnectionProperties::default().enable_auto_recover()).await;
    let queue = lasting_queue(&rabbit, "many").await;
    let deliveries = Arc::new(AtomicUsize::new(0));
    let acknowledged = Arc::new(Mutex::new(HashSet::new()));
    let (counting, seen) = (Arc::clone(&deliveries), Arc::clone(&acknowledged));
    rabbit.consume(&queue).await.set_delegate(move |delivery: TracedDeliveryResult| {
        let (counting, seen) = (Arc::clone(&counting), Arc::clone(&seen));
        async move {
            let Ok(Some(delivery)) = delivery else { return };
            let ended = delivery
                .process(|delivery| async move {
                    let is_acknowledged = delivery.ack(BasicAckOptions::default()).await?;
                    Ok::<_, lapin::Error>(is_acknowledged.then(|| delivery.data.clone()))
                })
                .await;
            counting.fetch_add(1, Ordering::SeqCst);
            if let Ok(Some(body)) = ended {
                seen.lock().unwrap().insert(body);
            }
        }
    });
    // A publish that was lost with the connection was written, and may have reached the broker.
    let of_ours =
        |seen: &HashSet<Vec<u8>>| seen.iter().filter(|body| body.len() == size_of::<usize>()).count();
    for number in 0..MESSAGES {
        rabbit.publish(&queue, &number.to_be_bytes(), BasicProperties::default()).await;
        if number % 20 == 10 {
            within(until(|| of_ours(&acknowledged.lock().unwrap()) == number + 1)).await;
            lose_connection(&proxy, &rabbit, &queue).await;
        }
    }
    within(until(|| of_ours(&acknowledged.lock().unwrap()) == MESSAGES)).await;
    rabbit.delete(&queue).await;

    let [publish, process] = [SpanKind::Producer, SpanKind::Consumer].map(|kind| spans_of(&rabbit, kind));
    assert_eq!(publish.len(), MESSAGES + LOSSES);
    assert_eq!(publish.iter().filter(|span| span.text(CONFIRM) == Some("ack")).count(), MESSAGES);
    assert_eq!(publish.iter().filter(|span| span.is_error()).count(), LOSSES);
    assert_eq!(process.len(), deliveries.load(Ordering::SeqCst));
    let publish_ids: HashSet<_> = publish.iter().map(|span| span.span_id).collect();
    assert_eq!(publish_ids.len(), publish.len());
    assert!(process.iter().all(|span| publish_ids.contains(&span.parent_span_id)));
    assert!(process.iter().all(|span| span.text(OUTCOME).is_some()));
}

#[tokio::test]
async fn requests_go_on_after_recovery() {
    let proxy = Proxy::start().await;
    let rabbit = connect(&proxy, ConnectionProperties::default().enable_auto_recover()).await;
    let queue = lasting_queue(&rabbit, "rpc").await;
    let client = RpcClient::new(rabbit.channel.clone()).await.unwrap();
    lose_connection(&proxy, &rabbit, &queue).await;

    let server = Rabbit::connect().await;
    let mut requests = server.consume(&queue).await;
    let call = client.call("".into(), queue.as_str().into(), Default::default(), b"4711", Default::default());
    let serve = async {
        let mut request = next(&mut requests).await;
        if request.data == b"lost" {
            request = next(&mut requests).await;
        }
        let request = request.start_processing();
        request.reply(&server.channel, Default::default(), b"12.50", Default::default()).await.unwrap();
    };
    let (reply, ()) = within(async { tokio::join!(call, serve) }).await;
    assert_eq!(reply.unwrap().data, b"12.50");
    rabbit.delete(&queue).await;
}
