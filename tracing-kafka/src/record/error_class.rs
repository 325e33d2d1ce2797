//! The classes of Kafka errors: values of `error.type`.

use std::borrow::Cow;

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use tracing_core_lite::error_class;

/// Returns the class of `error`.
///
/// A connection error, which librdkafka reports without the underlying I/O error, has a class of the [shared
/// list](error_class). The class of every other error is the name of its code, such as `QueueFull`, or the name of its
/// variant if it has no code.
pub fn of(error: &KafkaError) -> Cow<'static, str> {
    if let Some(code) = error.rdkafka_error_code() {
        return of_code(code);
    }
    Cow::Borrowed(match error {
        KafkaError::Canceled => error_class::CANCELLED,
        KafkaError::ClientConfig(..) => "ClientConfig",
        KafkaError::Nul(_) => "Nul",
        KafkaError::PartitionEOF(_) => "PartitionEOF",
        KafkaError::PauseResume(_) => "PauseResume",
        KafkaError::Seek(_) => "Seek",
        KafkaError::Subscription(_) => "Subscription",
        _ => "KafkaError",
    })
}

fn of_code(code: RDKafkaErrorCode) -> Cow<'static, str> {
    use RDKafkaErrorCode::{
        AllBrokersDown, BrokerTransportFailure, MessageTimedOut, OperationTimedOut, Resolve, SSL,
        TimedOutQueue,
    };
    Cow::Borrowed(match code {
        MessageTimedOut | OperationTimedOut | TimedOutQueue => error_class::TIMEOUT,
        BrokerTransportFailure | AllBrokersDown => error_class::CONNECTION_FAILED,
        Resolve => error_class::DNS,
        SSL => error_class::TLS,
        code => return format!("{code:?}").into(),
    })
}
