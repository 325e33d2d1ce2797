//! Sending to a producer whose queue may be full.

use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{OwnedHeaders, OwnedMessage, ToBytes};
use rdkafka::util::{AsyncRuntime, Timeout};
use rdkafka::{Timestamp, producer::FutureRecord};

/// The pause before a full queue is tried again, the same as that of the bare `FutureProducer`.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Calls `send` until the queue takes the record or `timeout` has passed.
pub(super) async fn enqueue<Runtime: AsyncRuntime, Record, T>(
    mut record: Record,
    timeout: Timeout,
    send: impl Fn(Record) -> Result<T, (KafkaError, Record)>,
) -> Result<T, (KafkaError, Record)> {
    let start = Instant::now();
    loop {
        match send(record) {
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), rejected))
                if matches!(timeout, Timeout::Never)
                    || matches!(timeout, Timeout::After(limit) if start.elapsed() < limit) =>
            {
                record = rejected;
                Runtime::delay_for(RETRY_DELAY).await;
            }
            outcome => return outcome,
        }
    }
}

/// The parts of the message in an error, for when the record itself has been moved.
#[derive(Clone, Copy)]
pub(super) struct MessageParts<'a> {
    topic: &'a str,
    partition: Option<i32>,
    payload: Option<&'a [u8]>,
    key: Option<&'a [u8]>,
    timestamp: Option<i64>,
}

impl<'a> MessageParts<'a> {
    pub(super) fn of<K, P>(record: &FutureRecord<'a, K, P>) -> Self
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        Self {
            topic: record.topic,
            partition: record.partition,
            payload: record.payload.map(ToBytes::to_bytes),
            key: record.key.map(ToBytes::to_bytes),
            timestamp: record.timestamp,
        }
    }

    /// Returns the message that the bare `FutureProducer` returns with an error.
    pub(super) fn message(self, headers: Option<OwnedHeaders>) -> OwnedMessage {
        OwnedMessage::new(
            self.payload.map(<[u8]>::to_vec),
            self.key.map(<[u8]>::to_vec),
            self.topic.to_owned(),
            self.timestamp.map_or(Timestamp::NotAvailable, Timestamp::CreateTime),
            self.partition.unwrap_or(-1),
            0,
            headers,
        )
    }
}
