//! The delivery report of one message, to wait for.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rdkafka::producer::DeliveryFuture;
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use tracing_core_lite::error_class::CANCELLED;
use tracing_core_lite::messaging::InFlight;

use crate::sending::delivered;

/// A [`DeliveryFuture`] that ends the message's span. Dropped before the report has come, it ends the span with an event
/// `cancelled`: the message may be delivered all the same.
#[must_use = "the span of the message ends when this is dropped"]
pub struct TracedDeliveryFuture {
    inner: DeliveryFuture,
    sending: Observed,
}

impl TracedDeliveryFuture {
    pub(super) fn new(inner: DeliveryFuture, sending: InFlight) -> Self {
        Self { inner, sending: Observed::new(sending) }
    }
}

impl Future for TracedDeliveryFuture {
    type Output = <DeliveryFuture as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let report = ready!(Pin::new(&mut self.inner).poll(context));
        if let Some(mut sending) = self.sending.0.take() {
            match &report {
                Ok(result) => end(sending, result),
                Err(error) => sending.failed("Canceled", &error.to_string()),
            }
        }
        Poll::Ready(report)
    }
}

/// A span whose end somebody waits for.
#[derive(Debug)]
pub(super) struct Observed(Option<InFlight>);

impl Observed {
    pub(super) fn new(sending: InFlight) -> Self {
        Self(Some(sending))
    }

    pub(super) fn end(mut self, result: &OwnedDeliveryResult) {
        if let Some(sending) = self.0.take() {
            end(sending, result);
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if let Some(sending) = self.0.take() {
            sending.end_with(|span| {
                span.add_event(CANCELLED, &[]);
            });
        }
    }
}

/// Ends the span with the report.
fn end(sending: InFlight, result: &OwnedDeliveryResult) {
    match result {
        Ok(delivery) => delivered(sending, delivery.partition, delivery.offset, None),
        Err((error, message)) => {
            use rdkafka::Message;
            delivered(sending, message.partition(), -1, Some(error));
        }
    }
}

impl fmt::Debug for TracedDeliveryFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedDeliveryFuture").field("sending", &self.sending).finish_non_exhaustive()
    }
}
