//! What spans say of a message.

use lapin::BasicProperties;
use lapin::types::{MAX_SHORT_STRING_LENGTH, ShortString};
use tracing_core_lite::messaging::attribute::{BODY_SIZE, CONVERSATION_ID, MESSAGE_ID};
use tracing_core_lite::span::Recorder;

use super::attribute::ROUTING_KEY;

/// Sets what a span says of a message that goes to `routing_key`, or came with it.
pub(crate) fn record_message(
    routing_key: &str,
    body_size: usize,
    properties: &BasicProperties,
    span: &mut Recorder<'_>,
) {
    if !routing_key.is_empty() {
        span.set(ROUTING_KEY, routing_key);
    }
    span.set(BODY_SIZE, i64::try_from(body_size).unwrap_or(i64::MAX))
        .set_some(CONVERSATION_ID, properties.correlation_id().as_ref().map(ShortString::as_str))
        .set_some(MESSAGE_ID, properties.message_id().as_ref().map(ShortString::as_str));
}

/// As much of `name` as AMQP can send.
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
