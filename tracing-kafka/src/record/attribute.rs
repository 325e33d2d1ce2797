//! Names of the attributes that only Kafka has (semantic conventions v1.44.0, registry `messaging.kafka`), and of those that
//! no convention defines, under `tracing_suite.`.

pub(crate) const CLUSTER_ID: &str = "messaging.kafka.cluster.id";
pub(crate) const MESSAGE_KEY: &str = "messaging.kafka.message.key";
pub(crate) const OFFSET: &str = "messaging.kafka.offset";
pub(crate) const TOMBSTONE: &str = "messaging.kafka.message.tombstone";
/// `transactional.id`.
pub(crate) const TRANSACTION_ID: &str = "tracing_suite.kafka.transaction.id";
/// The number of messages that the producer accepted in the transaction. Failed calls of `send` are not counted.
pub(crate) const TRANSACTION_MESSAGES: &str = "tracing_suite.kafka.transaction.message_count";
/// `commit` or `abort`.
pub(crate) const TRANSACTION_OUTCOME: &str = "tracing_suite.kafka.transaction.outcome";
