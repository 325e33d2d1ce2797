//! The open span of a message that is being sent.

use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::DeliveryResult;
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use tracing_core_lite::error_class::CANCELLED;
use tracing_core_lite::messaging::InFlight;

use crate::record::{record_delivery, record_failure};

/// The open span of a message. If this is dropped, the span ends as cancelled.
#[derive(Debug)]
pub(super) struct Sending(Option<InFlight>);

impl Sending {
    /// Keeps `sending` until the outcome of the message is known. An operation that is neither recorded nor measured is
    /// discarded, because many messages wait for their reports at the same time.
    pub(super) fn new(sending: InFlight) -> Self {
        Self(Some(sending).filter(InFlight::is_observed))
    }

    /// Returns the operation, for another owner to end.
    pub(super) fn into_operation(mut self) -> Option<InFlight> {
        self.0.take()
    }

    /// Ends the span, because the producer did not accept the message.
    pub(super) fn fail(mut self, error: &KafkaError) {
        if let Some(mut sending) = self.0.take() {
            record_failure(&mut sending, error);
        }
    }

    /// Ends the span with the delivery report that librdkafka passes to its callback.
    pub(super) fn end(mut self, report: &DeliveryResult<'_>) {
        if let Some(mut sending) = self.0.take() {
            match report {
                Ok(message) => record_delivery(&mut sending, message.partition(), message.offset(), None),
                Err((error, message)) => {
                    record_delivery(&mut sending, message.partition(), -1, Some(error));
                }
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(mut sending) = self.0.take() {
            record_cancelled(&mut sending);
        }
    }
}

/// Records a delivery report that a future returned.
pub(super) fn record_report(sending: &mut InFlight, report: &OwnedDeliveryResult) {
    match report {
        Ok(delivery) => record_delivery(sending, delivery.partition, delivery.offset, None),
        Err((error, message)) => record_delivery(sending, message.partition(), -1, Some(error)),
    }
}

/// Records that the delivery of the message remains unknown.
pub(super) fn record_cancelled(sending: &mut InFlight) {
    sending.record(|span| {
        span.add_event(CANCELLED, &[]);
    });
}
