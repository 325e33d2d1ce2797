//! A panic in the work on a message is recorded as a failure.
#![allow(clippy::unwrap_used)]

use std::io;

use rdkafka::message::OwnedMessage;
use rdkafka::{ClientConfig, Timestamp};
use tracing_core_lite::messaging::attribute::ERROR_TYPE;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{Received, Settings, TracedBaseConsumer};

fn message(spans: &TestSpans) -> Received<OwnedMessage> {
    let config = ClientConfig::new().set("group.id", "mail").clone();
    let settings = Settings::new().with_provider(spans.provider());
    let consumer: TracedBaseConsumer = TracedBaseConsumer::with_settings(config.create().unwrap(), settings);
    consumer.received(OwnedMessage::new(None, None, "orders".to_owned(), Timestamp::NotAvailable, 0, 7, None))
}

fn assert_panicked(spans: &TestSpans) {
    let span = spans.one("process orders");
    assert!(span.is_error());
    assert_eq!(span.text(ERROR_TYPE), Some("panic"));
    let events: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["exception"]);
}

#[tokio::test]
async fn in_process() {
    let spans = TestSpans::new();
    let message = message(&spans);
    let work = async move {
        message.process(|_message| async { panic!("out of paper") }).await.map_err(|error: io::Error| error)
    };
    tokio::spawn(async { work.await.map(|(): ()| ()) }).await.unwrap_err();
    assert_panicked(&spans);
}

#[tokio::test]
async fn with_a_guard() {
    let spans = TestSpans::new();
    let message = message(&spans);
    tokio::spawn(async move {
        let _processing = message.start_processing();
        panic!("out of paper");
    })
    .await
    .unwrap_err();
    assert_panicked(&spans);
}
