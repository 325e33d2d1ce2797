//! A panic in the work on a delivery is recorded as a failure.
#![allow(clippy::unwrap_used)]

use std::io;

use lapin::message::Delivery;
use tracing_amqp::attribute::OUTCOME;
use tracing_amqp::{Broker, Settings, TracedDelivery};
use tracing_core_lite::messaging::attribute::ERROR_TYPE;
use tracing_core_lite::testing::TestSpans;

fn delivery(spans: &TestSpans) -> TracedDelivery {
    let broker = Broker::at("amqp://rabbitmq", Settings::new().with_provider(spans.provider()));
    broker.delivery(Delivery::mock(1, "".into(), "email".into(), false, Vec::new()), "email")
}

fn assert_panicked(spans: &TestSpans) {
    let span = spans.one("process email");
    assert!(span.is_error());
    assert_eq!((span.text(ERROR_TYPE), span.text(OUTCOME)), (Some("panic"), Some("dropped")));
    let events: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["exception"]);
}

#[tokio::test]
async fn in_process() {
    let spans = TestSpans::new();
    let delivery = delivery(&spans);
    let work = delivery.process(|_delivery| async { panic!("out of paper") });
    tokio::spawn(async { work.await.map_err(|error: io::Error| error).map(|(): ()| ()) }).await.unwrap_err();
    assert_panicked(&spans);
}

#[tokio::test]
async fn after_an_await() {
    let spans = TestSpans::new();
    let delivery = delivery(&spans);
    let work = delivery.process(|delivery| async move {
        tokio::task::yield_now().await;
        assert!(!delivery.data.is_empty(), "out of paper");
        Ok::<(), io::Error>(())
    });
    tokio::spawn(work).await.unwrap_err();
    assert_panicked(&spans);
}

#[tokio::test]
async fn with_a_guard() {
    let spans = TestSpans::new();
    let delivery = delivery(&spans).start_processing();
    tokio::spawn(async move {
        let _delivery = delivery;
        panic!("out of paper");
    })
    .await
    .unwrap_err();
    assert_panicked(&spans);
}
