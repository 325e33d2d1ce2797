//! `error.type` of failed operations.

use std::borrow::Cow;

use rdkafka::error::KafkaError;

/// The name of librdkafka's error code, such as `QueueFull`; for what has no code, the name of the error.
pub(crate) fn of(error: &KafkaError) -> Cow<'static, str> {
    if let Some(code) = error.rdkafka_error_code() {
        return format!("{code:?}").into();
    }
    Cow::Borrowed(match error {
        KafkaError::Canceled => "Canceled",
        KafkaError::ClientConfig(..) => "ClientConfig",
        KafkaError::Nul(_) => "Nul",
        KafkaError::PartitionEOF(_) => "PartitionEOF",
        KafkaError::PauseResume(_) => "PauseResume",
        KafkaError::Seek(_) => "Seek",
        KafkaError::Subscription(_) => "Subscription",
        _ => "KafkaError",
    })
}
