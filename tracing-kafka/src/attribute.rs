//! Names of the attributes that only Kafka has (semantic conventions v1.44.0, `messaging.kafka`, and ours).

pub(crate) const MESSAGE_KEY: &str = "messaging.kafka.message.key";
pub(crate) const OFFSET: &str = "messaging.kafka.offset";
pub(crate) const TOMBSTONE: &str = "messaging.kafka.message.tombstone";
/// `transactional.id`. Ours.
pub(crate) const TRANSACTION_ID: &str = "messaging.kafka.transaction.id";
/// Messages that were given to the producer in the transaction. Ours.
pub(crate) const TRANSACTION_MESSAGES: &str = "messaging.kafka.transaction.message_count";
/// `commit` or `abort`. Ours.
pub(crate) const TRANSACTION_OUTCOME: &str = "messaging.kafka.transaction.outcome";
