//! A message keeps its trace through a Python program with OpenTelemetry's instrumentation of confluent-kafka. The test needs
//! PyPI once, and a broker, which `cargo xtask test` starts.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

#[path = "../python/peer.rs"]
mod peer;

use std::time::Duration;

use peer::Peer;
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use serde_json::Value;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{Settings, TracedFutureProducer, TracedStreamConsumer};

/// The peer, in the folder of the Python programs.
const PROGRAM: &str = "kafka_interop/peer.py";
const TIMEOUT: Duration = Duration::from_secs(30);

fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").unwrap_or_else(|_| {
        panic!(
            "KAFKA_BROKERS is not set. `cargo xtask test` starts a broker and sets it; by hand: `cargo xtask services kafka`"
        )
    })
}

fn unique(name: &str) -> String {
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    format!("{name}-{}-{run:x}", std::process::id())
}

fn text<'s>(span: &'s Value, key: &str) -> &'s str {
    span[key].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back() {
    let spans = TestSpans::new();
    let settings = Settings::new().with_provider(spans.provider());
    let brokers = brokers();
    let [there, back] = ["to-python", "from-python"].map(unique);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &brokers).set("group.id", &back).set("auto.offset.reset", "earliest");
    let producer: TracedFutureProducer = TracedFutureProducer::create(&config, settings.clone()).unwrap();
    for topic in [&there, &back] {
        // Sending creates the topics. Python receives the first message, and the test the second of its own.
        let headers = OwnedHeaders::new().insert(Header { key: "tenant", value: Some("7") });
        let record = FutureRecord::to(topic).key("4711").payload("x").headers(headers);
        producer.send(record, TIMEOUT).await.map_err(|(error, _)| error).unwrap();
    }
    let theirs = Peer::start(PROGRAM, &[&brokers, &there, &back]).spans();

    let consumer: StreamConsumer = config.create().unwrap();
    let consumer = TracedStreamConsumer::with_config(consumer, &config, settings);
    consumer.subscribe(&[&back]).unwrap();
    let _first = tokio::time::timeout(TIMEOUT, consumer.recv()).await.unwrap().unwrap();
    let message = tokio::time::timeout(TIMEOUT, consumer.recv()).await.unwrap().unwrap();
    assert_eq!((message.key(), message.payload()), (Some(&b"4711"[..]), Some(&b"x"[..])));
    message.start_processing().end();

    // There: Python links to the sender.
    let sent = spans.one(&format!("send {there}"));
    let find = |name: String| theirs.iter().find(|span| span["name"] == name).unwrap();
    let processed_by_python = find(format!("{there} process"));
    assert_eq!(processed_by_python["links"], serde_json::json!([sent.span_id.to_string()]));

    // Back: the message has two contexts, of the first sender and of Python. The last one counts.
    let contexts = message.headers().unwrap().iter().filter(|header| header.key == "traceparent").count();
    assert_eq!(contexts, 2);
    let sent_by_python = find(format!("{back} send"));
    let processed = spans.one(&format!("process {back}"));
    assert_eq!(processed.trace_id.to_string(), text(sent_by_python, "trace_id"));
    assert_eq!(processed.parent_span_id.to_string(), text(sent_by_python, "span_id"));
    assert_eq!(processed.links[0].span_id.to_string(), text(sent_by_python, "span_id"));
    assert_eq!(text(sent_by_python, "kind"), "PRODUCER");

    // After a retry by our producer, the message has one context again.
    let record = FutureRecord::<(), _>::to(&back).payload("x").headers(message.retry_headers());
    producer.send(record, TIMEOUT).await.map_err(|(error, _)| error).unwrap();
    let again = tokio::time::timeout(TIMEOUT, consumer.recv()).await.unwrap().unwrap();
    let contexts = again.headers().unwrap().iter().filter(|header| header.key == "traceparent").count();
    assert_eq!((contexts, again.origin().attempt().number()), (1, 2));
}
