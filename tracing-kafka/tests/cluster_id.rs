//! Spans have the id of the cluster once the client knows it.
#![allow(clippy::unwrap_used)]

mod support;

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::producer::{FutureRecord, Producer};
use support::{LONG, config, config_of, consumer, named, producer, settings, soon, topic};
use tracing_core_lite::testing::TestSpans;

const CLUSTER_ID: &str = "messaging.kafka.cluster.id";

#[tokio::test]
async fn on_spans_of_messages_and_commits() {
    let (spans, config) = (TestSpans::new(), config());
    let topic = topic(&config, "cluster", 1).await;
    let producer = producer(&config, settings(&spans));
    let id = producer.client().fetch_cluster_id(LONG).unwrap();
    let record = FutureRecord::<(), _>::to(&topic).payload("x");
    soon(producer.send(record, LONG)).await.unwrap();

    let consumer = consumer(&config, &[&topic], settings(&spans).with_settle_spans(true));
    let message = soon(consumer.recv()).await.unwrap();
    message.start_processing().end();
    consumer.commit_message(&message, CommitMode::Sync).unwrap();
    for name in ["send", "process", "commit"] {
        let span = spans.one(&format!("{name} {topic}"));
        assert_eq!(span.text(CLUSTER_ID), Some(&*id), "{name}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_know_it_sets_none_and_does_not_wait() {
    let spans = TestSpans::new();
    let producer = producer(&config_of("127.0.0.1:1"), settings(&spans));
    let start = std::time::Instant::now();
    let report = producer.send_result(FutureRecord::<(), _>::to("nowhere").payload("x"));
    assert!(start.elapsed() < std::time::Duration::from_secs(1));
    drop(report.map_err(|(error, _)| error).unwrap());
    drop(producer);
    let [span] = named(&spans, "send nowhere").try_into().unwrap();
    assert_eq!(span.text(CLUSTER_ID), None);
}
