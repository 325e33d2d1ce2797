//! One trace across two languages, in both directions: Python's pika with OpenTelemetry's instrumentation, which
//! `integration-tests/python/amqp_interop` runs. The first run needs PyPI.
#![allow(clippy::unwrap_used)]

#[path = "../../integration-tests/python/peer.rs"]
mod peer;
mod support;

use std::collections::HashSet;

use lapin::options::{BasicAckOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use opentelemetry::Context;
use opentelemetry::trace::SpanKind;
use peer::Peer;
use serde_json::Value;
use support::{Rabbit, headers, next, text, unique, within};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::data::SpanData;

/// The folder of the Python program.
const PROGRAM: &str = "amqp_interop/peer.py";
const MESSAGES: usize = 3;

/// Declares a queue that several connections may use.
async fn shared_queue(rabbit: &Rabbit) -> String {
    let queue = unique("python");
    let (options, arguments) = (QueueDeclareOptions::default(), FieldTable::default());
    within(rabbit.channel.inner().queue_declare(queue.as_str().into(), options, arguments)).await.unwrap();
    queue
}

/// Runs the Python program to its end.
async fn run(direction: &'static str, queue: &str) -> Vec<Value> {
    let (url, queue) = (support::url(), queue.to_owned());
    let running =
        tokio::task::spawn_blocking(move || Peer::start(PROGRAM, &[direction, &url, &queue]).spans());
    running.await.unwrap()
}

fn of_kind(rabbit: &Rabbit, kind: &SpanKind) -> Vec<SpanData> {
    rabbit.spans.finished().into_iter().map(|it| it.span).filter(|span| span.kind == *kind).collect()
}

#[tokio::test]
async fn python_publishes_and_we_process() {
    let rabbit = Rabbit::connect().await;
    let queue = shared_queue(&rabbit).await;
    let theirs = run("publish", &queue).await;
    let mut consumer = rabbit.consume(&queue).await;
    for _ in 0..MESSAGES {
        let delivery = next(&mut consumer).await;
        let worked = delivery.process(|it| async move { it.ack(BasicAckOptions::default()).await });
        assert!(within(worked).await.unwrap());
    }
    rabbit.delete(&queue).await;

    // The instrumentation creates two spans for one publish, one below the other.
    let sent: Vec<_> = theirs.iter().filter(|span| span["kind"] == "PRODUCER").collect();
    let processed = of_kind(&rabbit, &SpanKind::Consumer);
    assert_eq!(processed.len(), MESSAGES);
    for (number, processed) in processed.iter().enumerate() {
        let is_sender = |span: &&&Value| {
            span["span_id"] == processed.parent_span_id.to_string()
                && span["trace_id"] == processed.trace_id.to_string()
        };
        assert_eq!(sent.iter().filter(is_sender).count(), 1, "{theirs:?}");
        assert_eq!(processed.links[0].span_id, processed.parent_span_id);
        assert_eq!(processed.text(attribute::CONVERSATION_ID), Some(&*format!("order-{number}")));
    }
    let parents: HashSet<_> = processed.iter().map(|span| span.parent_span_id).collect();
    assert_eq!(parents.len(), MESSAGES);
}

#[tokio::test]
async fn we_publish_and_python_consumes() {
    let rabbit = Rabbit::connect().await;
    let queue = shared_queue(&rabbit).await;
    let order = rabbit.spans.tracer().span("order").start();
    let trace_id = order.span_context().trace_id().to_string();
    for _ in 0..MESSAGES {
        let context = order.in_context(&Context::new());
        rabbit.publish(&queue, b"body", headers(&[("tenant", text("7"))])).in_context(context).await;
    }
    let theirs = run("consume", &queue).await;
    rabbit.delete(&queue).await;

    let sent: Vec<_> =
        of_kind(&rabbit, &SpanKind::Producer).iter().map(|span| span.span_id.to_string()).collect();
    let received: Vec<_> = theirs.iter().filter(|span| span["kind"] == "CONSUMER").collect();
    assert_eq!((sent.len(), received.len()), (MESSAGES, MESSAGES), "{theirs:?}");
    for (sent, received) in sent.iter().zip(received) {
        let is_below = received["parent"] == *sent && received["trace_id"] == trace_id;
        let is_linked = received["links"].as_array().unwrap().iter().any(|link| link == sent);
        assert!(is_below || is_linked, "{received}");
    }
}
