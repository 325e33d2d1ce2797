//! Names of the attributes that only AMQP has (semantic conventions v1.44.0, registry `messaging.rabbitmq`, and ours).
//!
//! Those that all messaging systems share are in [`tracing_core_lite::messaging::attribute`].

/// What the broker said of a published message: `ack`, `nack`, or `returned` when it found no queue for it; `ignored` when
/// nobody waited for its word. Ours; only with publisher confirms.
pub const CONFIRM: &str = "messaging.rabbitmq.confirm";
/// How often the message was dead-lettered from the queue where it was last, for the same reason. Ours.
pub const DEAD_LETTER_COUNT: &str = "messaging.rabbitmq.dead_letter.count";
/// The queue where the message was dead-lettered first. Ours.
pub const DEAD_LETTER_QUEUE: &str = "messaging.rabbitmq.dead_letter.queue";
/// Why the message was dead-lettered last: `rejected`, `expired`, `maxlen`, `delivery_limit`, or `_OTHER`. Ours.
pub const DEAD_LETTER_REASON: &str = "messaging.rabbitmq.dead_letter.reason";
/// The delivery tag.
pub const DELIVERY_TAG: &str = "messaging.rabbitmq.message.delivery_tag";
/// What became of a delivery: see [`Outcome`](crate::Outcome). Ours.
pub const OUTCOME: &str = "messaging.rabbitmq.message.outcome";
/// Whether the message had been delivered before. Ours.
pub const REDELIVERED: &str = "messaging.rabbitmq.message.redelivered";
/// The routing key, when it is not empty.
pub const ROUTING_KEY: &str = "messaging.rabbitmq.destination.routing_key";
