//! The settings of the clients.

use rdkafka::ClientConfig;

use super::config::KafkaConfig;
use super::security::{Security, SecurityError};

/// The unit of librdkafka's bound of a consumer's queue.
const KIB: usize = 1024;

/// Returns the settings of a client for the topics.
pub(super) fn admin(config: &KafkaConfig) -> Result<ClientConfig, SecurityError> {
    with_properties(base(config)?, config)
}

/// Returns what all clients share.
fn base(config: &KafkaConfig) -> Result<ClientConfig, SecurityError> {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers);
    client.set("client.id", "tail-sampler");
    Security::new(config).apply(client)
}

/// Returns the settings of the group's consumer. `queue_bytes` bounds what it reads ahead.
pub(super) fn consumer(config: &KafkaConfig, queue_bytes: usize) -> Result<ClientConfig, SecurityError> {
    let mut client = base(config)?;
    client
        .set("group.id", &config.group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", config.session_timeout.as_millis().to_string())
        .set("queued.max.messages.kbytes", (queue_bytes / KIB).clamp(1, 2_097_151).to_string())
        .set("statistics.interval.ms", "5000");
    with_properties(client, config)
}

/// Returns the settings of a consumer that reads decisions, outside the group.
pub(super) fn reader(config: &KafkaConfig) -> Result<ClientConfig, SecurityError> {
    let mut client = base(config)?;
    client
        .set("group.id", format!("{}.decisions", config.group))
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest");
    with_properties(client, config)
}

/// Returns the settings of the producer of decisions. It retries without a limit, because spans are sent only after
/// their decisions.
pub(super) fn producer(config: &KafkaConfig) -> Result<ClientConfig, SecurityError> {
    let mut client = base(config)?;
    client
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", "0")
        .set("linger.ms", "5")
        .set("compression.type", "lz4");
    with_properties(client, config)
}

fn with_properties(mut client: ClientConfig, config: &KafkaConfig) -> Result<ClientConfig, SecurityError> {
    for (name, value) in &config.properties {
        client.set(name, value);
    }
    Ok(client)
}
