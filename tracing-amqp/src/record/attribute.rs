//! Names of the attributes that only AMQP has: those of the semantic conventions (v1.44.0, registry `messaging.rabbitmq`), and
//! under `tracing_suite.` those that no convention defines.
//!
//! Attributes of all messaging systems are in [`tracing_core_lite::messaging::attribute`].

/// The broker's answer to a published message: `ack`, `nack`, `returned` if no queue takes a mandatory message, or `ignored` if
/// the confirm was dropped before it arrived. Set with publisher confirms only. Not in the conventions.
pub const CONFIRM: &str = "tracing_suite.rabbitmq.confirm";
/// How many times the message was dead-lettered from the latest queue for the same reason. Not in the conventions.
pub const DEAD_LETTER_COUNT: &str = "tracing_suite.rabbitmq.dead_letter.count";
/// The queue where the message was first dead-lettered. Not in the conventions.
pub const DEAD_LETTER_QUEUE: &str = "tracing_suite.rabbitmq.dead_letter.queue";
/// Why the message was last dead-lettered: `rejected`, `expired`, `maxlen`, `delivery_limit`, or `_OTHER`. Not in the
/// conventions.
pub const DEAD_LETTER_REASON: &str = "tracing_suite.rabbitmq.dead_letter.reason";
/// The delivery tag.
pub const DELIVERY_TAG: &str = "messaging.rabbitmq.message.delivery_tag";
/// The outcome of a delivery: see [`DeliveryOutcome`](crate::DeliveryOutcome). Not in the conventions.
pub const OUTCOME: &str = "tracing_suite.rabbitmq.message.outcome";
/// Whether the message was delivered before. Not in the conventions.
pub const REDELIVERED: &str = "tracing_suite.rabbitmq.message.redelivered";
/// The routing key, if it is not empty.
pub const ROUTING_KEY: &str = "messaging.rabbitmq.destination.routing_key";
