//! What happened in the shop, told through Kafka to whoever wants to know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde::{Deserialize, Serialize};
use tower::BoxError;
use tracing::{debug, warn};
use tracing_core_lite::TracerProvider;
use tracing_kafka::{Settings, TracedFutureProducer, TracedStreamConsumer};

use super::Wiring;

/// The topic in which orders are told of that were accepted and paid.
pub const ORDERS_CREATED: &str = "orders.created";

/// How long an event may wait for room, and for the broker.
const TIMEOUT: Duration = Duration::from_secs(5);

/// An order was accepted and paid.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OrderCreated {
    pub(super) order: u64,
    pub(super) customer: String,
    pub(super) phone: String,
    pub(super) cents: u64,
}

/// An event that nobody will hear of.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventLost {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// Tells what happens.
#[derive(Debug, Clone)]
pub(super) struct Events(Option<TracedFutureProducer>);

impl Events {
    /// Events for the brokers at `KAFKA_BROKERS`; without that, nobody is told.
    pub(super) fn open(wiring: &Wiring) -> Result<Self, BoxError> {
        let brokers = wiring.settings.get("KAFKA_BROKERS");
        Ok(Self(brokers.map(|brokers| producer(brokers, wiring.service, &wiring.provider)).transpose()?))
    }

    /// Returns when the broker has the event.
    pub(super) async fn order_created(&self, event: &OrderCreated) -> Result<(), EventLost> {
        let Some(producer) = &self.0 else { return Ok(()) };
        let (key, payload) = (event.order.to_string(), serde_json::to_vec(event)?);
        let record = FutureRecord::to(ORDERS_CREATED).key(&key).payload(&payload);
        producer.send(record, TIMEOUT).await.map_err(|(error, _)| error)?;
        Ok(())
    }
}

fn producer(
    brokers: &str,
    name: &str,
    provider: &TracerProvider,
) -> Result<TracedFutureProducer, KafkaError> {
    let mut config = client(brokers, name);
    config.set("message.timeout.ms", TIMEOUT.as_millis().to_string());
    let producer: FutureProducer = FutureProducer::from_config(&config)?;
    Ok(TracedFutureProducer::with_config(producer, &config, Settings::new().provider(provider)))
}

/// Learns when a consumer has its place in the group: before, events wait for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Joined(Arc<AtomicBool>);

impl Joined {
    pub(super) fn is_done(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ClientContext for Joined {}

impl ConsumerContext for Joined {
    fn post_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.0.store(matches!(rebalance, Rebalance::Assign(_)), Ordering::Relaxed);
    }
}

/// A consumer of `topic` in the group that is called after the service; `None` without `KAFKA_BROKERS`.
pub(super) async fn consumer(
    wiring: &Wiring,
    topic: &str,
    joined: Joined,
) -> Result<Option<TracedStreamConsumer<Joined>>, BoxError> {
    let Some(brokers) = wiring.settings.get("KAFKA_BROKERS") else { return Ok(None) };
    let mut config = client(brokers, wiring.service);
    config
        .set("group.id", wiring.service)
        .set("auto.offset.reset", "earliest")
        // Stored, and thus committed, is what was worked on.
        .set("enable.auto.offset.store", "false");
    create_topic(&config, topic).await?;
    let consumer: StreamConsumer<Joined> = StreamConsumer::from_config_and_context(&config, joined)?;
    consumer.subscribe(&[topic])?;
    let settings = Settings::new().provider(&wiring.provider);
    Ok(Some(TracedStreamConsumer::with_config(consumer, &config, settings)))
}

/// The consumer may be there before the first event, and so before the topic. That it exists already is fine, and so is a
/// broker that has other ways to make topics.
async fn create_topic(config: &ClientConfig, topic: &str) -> Result<(), KafkaError> {
    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let topic = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
    match admin.create_topics(&[topic], &options).await {
        Ok(outcomes) => {
            for (topic, code) in outcomes.into_iter().filter_map(Result::err) {
                if code != RDKafkaErrorCode::TopicAlreadyExists {
                    warn!(topic, %code, "the topic was not created");
                }
            }
        }
        Err(error) => debug!(%error, "topics are not for us to create"),
    }
    Ok(())
}

/// What all clients of Kafka in the shop are told.
pub(super) fn client(brokers: &str, name: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("client.id", name);
    config
}
