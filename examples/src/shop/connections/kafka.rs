//! Clients of Kafka: a producer, a consumer in a group, and the topic that it reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::{debug, warn};
use tracing_core_lite::TracerProvider;
use tracing_kafka::{Settings, TracedFutureProducer, TracedStreamConsumer};

/// How long an event may wait for room in the producer's queue, and for the broker.
pub(in crate::shop) const TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the configuration that all Kafka clients of the shop share.
pub(in crate::shop) fn client_config(brokers: &str, client_id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("client.id", client_id);
    config
}

/// Creates a producer. Each event that it sends is a span.
pub(in crate::shop) fn producer(
    brokers: &str,
    client_id: &str,
    provider: &TracerProvider,
) -> Result<TracedFutureProducer, KafkaError> {
    let mut config = client_config(brokers, client_id);
    config.set("message.timeout.ms", TIMEOUT.as_millis().to_string());
    TracedFutureProducer::create(&config, Settings::new().with_provider(provider))
}

/// Creates a consumer of `topic` in a group named after the service.
pub(in crate::shop) async fn consumer(
    brokers: &str,
    service: &str,
    topic: &str,
    membership: Membership,
    provider: &TracerProvider,
) -> Result<TracedStreamConsumer<Membership>, KafkaError> {
    let mut config = client_config(brokers, service);
    config
        .set("group.id", service)
        .set("auto.offset.reset", "earliest")
        // The consumer stores, and so commits, the offset of an event only after it has processed the event.
        .set("enable.auto.offset.store", "false");
    create_topic(&config, topic).await?;
    let consumer: StreamConsumer<Membership> = StreamConsumer::from_config_and_context(&config, membership)?;
    consumer.subscribe(&[topic])?;
    Ok(TracedStreamConsumer::with_config(consumer, &config, Settings::new().with_provider(provider)))
}

/// Records whether a consumer has joined its group. Until then it receives no events.
#[derive(Debug, Clone, Default)]
pub(in crate::shop) struct Membership(Arc<AtomicBool>);

impl Membership {
    pub(in crate::shop) fn has_joined(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ClientContext for Membership {}

impl ConsumerContext for Membership {
    fn post_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.0.store(matches!(rebalance, Rebalance::Assign(_)), Ordering::Relaxed);
    }
}

/// Creates `topic` with one partition. The consumer may start before the first event, and so before the topic exists.
///
/// An existing topic, and a broker that does not let clients create topics, are not errors.
async fn create_topic(config: &ClientConfig, topic: &str) -> Result<(), KafkaError> {
    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let topic = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
    match admin.create_topics(&[topic], &options).await {
        Ok(outcomes) => {
            for (topic, code) in outcomes.into_iter().filter_map(Result::err) {
                if code != RDKafkaErrorCode::TopicAlreadyExists {
                    warn!(topic, %code, "cannot create the topic");
                }
            }
        }
        Err(error) => debug!(%error, "the broker does not create topics for clients"),
    }
    Ok(())
}
