//! Kafka with rdkafka.

use std::io;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use tower::BoxError;
use tracing_kafka::{Settings, TracedFutureProducer, TracedStreamConsumer};

use super::{Relay, TIMEOUT};
use crate::message::{Hop, Transport};

fn config() -> Result<ClientConfig, BoxError> {
    let mut config = ClientConfig::new();
    let brokers = std::env::var("KAFKA_BROKERS").map_err(|_| "KAFKA_BROKERS is not set")?;
    config.set("bootstrap.servers", brokers).set("client.id", "relay");
    Ok(config)
}

/// Creates the topic `name`, with one partition.
pub(crate) async fn create_topic(name: &str) -> Result<(), BoxError> {
    let admin: AdminClient<DefaultClientContext> = config()?.create()?;
    let topic = NewTopic::new(name, 1, TopicReplication::Fixed(1));
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
    for outcome in admin.create_topics(&[topic], &options).await? {
        outcome.map_err(|(topic, code)| format!("{topic}: {code}"))?;
    }
    Ok(())
}

pub(super) async fn receive(relay: &Relay) -> Result<(), BoxError> {
    let topic = relay.0.name.as_str();
    create_topic(topic).await?;
    let mut config = config()?;
    config.set("group.id", topic).set("auto.offset.reset", "earliest");
    let consumer: StreamConsumer = config.create()?;
    consumer.subscribe(&[topic])?;
    let settings = Settings::new().with_provider(relay.spans().provider());
    let consumer = TracedStreamConsumer::with_config(consumer, &config, settings);
    let relay = relay.clone();
    tokio::spawn(async move {
        while let Ok(message) = consumer.recv().await {
            let message = message.detach();
            let outcome = message.process(async |message| {
                let body = message.payload().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
                let headers = message.headers();
                let outcome = relay.received(Transport::Kafka, |name| values(headers, name), body).await;
                outcome.map_err(io::Error::other)
            });
            if outcome.await.is_err() {
                break;
            }
        }
    });
    Ok(())
}

fn values(headers: Option<&impl Headers>, name: &str) -> Vec<String> {
    let named = headers.into_iter().flat_map(Headers::iter).filter(|header| header.key == name);
    named.map(|header| String::from_utf8_lossy(header.value.unwrap_or_default()).into_owned()).collect()
}

pub(super) async fn send(relay: &Relay, hop: &Hop, body: &str) -> Result<(), BoxError> {
    let settings = Settings::new().with_provider(relay.spans().provider());
    let producer: TracedFutureProducer = TracedFutureProducer::create(&config()?, settings)?;
    for _ in 0..hop.count.max(1) {
        let headers = ["7", "8"].into_iter().fold(OwnedHeaders::new(), |headers, value| {
            headers.insert(Header { key: "tenant", value: Some(value) })
        });
        let mut record = FutureRecord::to(&hop.to).key("4711").headers(headers);
        if !hop.tombstone {
            record = record.payload(body);
        }
        producer.send(record, TIMEOUT).await.map_err(|(error, _)| error)?;
    }
    Ok(())
}
