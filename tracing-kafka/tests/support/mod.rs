//! The broker of the tests, and its clients.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)] // Each test uses its part.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::FromClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::types::RDKafkaErrorCode;
use tracing_core_lite::messaging::Settings;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{TracedBaseConsumer, TracedFutureProducer, TracedStreamConsumer};

/// The timeout of every call.
pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) const GROUP: &str = "notification";

/// Returns a configuration for the broker, with a unique group.
pub(crate) fn config() -> ClientConfig {
    let Ok(brokers) = std::env::var("KAFKA_BROKERS") else {
        panic!(
            "KAFKA_BROKERS is not set. `cargo xtask test` starts a broker and sets it; by hand: `cargo xtask services kafka`"
        );
    };
    config_of(&brokers)
}

pub(crate) fn config_of(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("client.id", "shop-1")
        .set("group.id", unique(GROUP))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", "6000");
    config
}

/// Returns a name that is unique to this test and this run.
pub(crate) fn unique(name: &str) -> String {
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    format!("{name}-{}-{run:x}", std::process::id())
}

/// Creates a topic.
pub(crate) async fn topic(config: &ClientConfig, name: &str, partitions: i32) -> String {
    let name = unique(name);
    let admin = AdminClient::<DefaultClientContext>::from_config(config).unwrap();
    let topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
    let results = admin.create_topics([&topic], &AdminOptions::new()).await.unwrap();
    for result in results {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => panic!("{name}: {code}"),
        }
    }
    name
}

pub(crate) fn settings(spans: &TestSpans) -> Settings {
    Settings::new().with_provider(spans.provider())
}

pub(crate) fn producer(config: &ClientConfig, settings: Settings) -> TracedFutureProducer {
    TracedFutureProducer::create(config, settings).unwrap()
}

pub(crate) fn consumer(config: &ClientConfig, topics: &[&str], settings: Settings) -> TracedStreamConsumer {
    let consumer =
        TracedStreamConsumer::with_config(config.create::<StreamConsumer>().unwrap(), config, settings);
    consumer.subscribe(topics).unwrap();
    consumer
}

pub(crate) fn base_consumer(
    config: &ClientConfig,
    topics: &[&str],
    settings: Settings,
) -> TracedBaseConsumer {
    let consumer =
        TracedBaseConsumer::with_config(config.create::<BaseConsumer>().unwrap(), config, settings);
    consumer.subscribe(topics).unwrap();
    consumer
}

/// Awaits `work`, which must end within the timeout.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, work).await.expect("nothing came")
}

/// Returns the error code of a failed call.
pub(crate) fn code(error: &KafkaError) -> RDKafkaErrorCode {
    error.rdkafka_error_code().unwrap()
}

pub(crate) fn headers(of: &[(&str, Option<&[u8]>)]) -> OwnedHeaders {
    of.iter().fold(OwnedHeaders::new(), |headers, &(key, value)| headers.insert(Header { key, value }))
}

/// Returns all headers except those with context, in order.
pub(crate) fn user_headers(headers: Option<&impl Headers>) -> Vec<(String, Option<Vec<u8>>)> {
    let all = headers.into_iter().flat_map(|headers| headers.iter());
    all.filter(|header| !["traceparent", "tracestate", "baggage"].contains(&header.key))
        .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
        .collect()
}

/// Returns the spans with this name, in the order in which they ended.
pub(crate) fn named(spans: &TestSpans, name: &str) -> Vec<SpanData> {
    spans.finished().into_iter().map(|finished| finished.span).filter(|span| span.name == name).collect()
}
