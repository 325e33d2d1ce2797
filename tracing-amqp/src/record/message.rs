//! The attributes of a message.

use lapin::BasicProperties;
use lapin::types::{MAX_SHORT_STRING_LENGTH, ShortString};
use tracing_core_lite::messaging::attribute::{BODY_SIZE, CONVERSATION_ID, MESSAGE_ID};
use tracing_core_lite::span::Recorder;

use super::attribute::ROUTING_KEY;

/// Sets the attributes of a message that was published with `routing_key`.
pub(crate) fn record_message(
    routing_key: &str,
    shown_body_size: Option<i64>,
    properties: &BasicProperties,
    span: &mut Recorder<'_>,
) {
    if !routing_key.is_empty() {
        span.set(ROUTING_KEY, routing_key);
    }
    span.set_some(BODY_SIZE, shown_body_size)
        .set_some(CONVERSATION_ID, properties.correlation_id().as_ref().map(ShortString::as_str))
        .set_some(MESSAGE_ID, properties.message_id().as_ref().map(ShortString::as_str));
}

/// Returns the part of `properties` that spans record: the ids of the message and of its conversation.
pub(crate) fn ids(properties: &BasicProperties) -> BasicProperties {
    let mut ids = BasicProperties::default();
    if let Some(id) = properties.correlation_id() {
        ids = ids.with_correlation_id(id.clone());
    }
    if let Some(id) = properties.message_id() {
        ids = ids.with_message_id(id.clone());
    }
    ids
}

/// Returns at most the first 255 bytes of `name`, the maximum in AMQP.
pub(crate) fn cut(name: &str) -> &str {
    let mut end = name.len().min(MAX_SHORT_STRING_LENGTH);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
