//! The attributes of a message, its delivery and its failure.

use rdkafka::error::KafkaError;
use tracing_core_lite::messaging::attribute::{BODY_SIZE, DESTINATION_PARTITION};
use tracing_core_lite::messaging::{Client, InFlight, MessageView};
use tracing_core_lite::span::{Recorder, Span};

use super::attribute::{MESSAGE_KEY, OFFSET, TOMBSTONE};
use super::error_class;

/// Sets the attributes that the spans of sent and received messages share.
pub(crate) fn record_message(
    client: &Client,
    message: &MessageView<'_>,
    is_tombstone: bool,
    span: &mut Recorder<'_>,
) {
    span.set_some(MESSAGE_KEY, client.shown_key(message.key));
    span.set_some(BODY_SIZE, client.shown_body_size(message.body_size));
    if is_tombstone {
        span.set(TOMBSTONE, true);
    }
}

/// Records a delivery report. A negative partition or offset is unknown.
pub(crate) fn record_delivery(
    sending: &mut InFlight,
    partition: i32,
    offset: i64,
    error: Option<&KafkaError>,
) {
    if let Some(error) = error {
        record_failure(sending, error);
    }
    sending.record(|span| {
        if partition >= 0 {
            span.set(DESTINATION_PARTITION, partition.to_string().as_str());
        }
        if offset >= 0 && error.is_none() {
            span.set(OFFSET, offset);
        }
    });
}

/// Records that the operation failed with `error`.
pub(crate) fn record_failure(operation: &mut InFlight, error: &KafkaError) {
    let is_recording = operation.span().is_some_and(Span::is_recording);
    let description = if is_recording { error.to_string() } else { String::new() };
    operation.failed(&error_class::of(error), &description);
}
