//! A single message that is requested with `basic.get`.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use lapin::Result;
use lapin::message::BasicGetMessage;
use lapin::types::MessageCount;
use opentelemetry::Context;
use tracing_core_lite::messaging::{InFlight, MessagingOperation, OperationType};

use crate::consumer::{Source, TracedDelivery};
use crate::record::attribute::DELIVERY_TAG;
use crate::record::{Pending, error_class, int, record_message};

/// A [`BasicGetMessage`] with the context of its sender.
#[derive(Debug)]
#[non_exhaustive]
pub struct TracedGetMessage {
    /// The message.
    pub delivery: TracedDelivery,
    /// The number of messages left in the queue.
    pub message_count: MessageCount,
}

impl Deref for TracedGetMessage {
    type Target = TracedDelivery;

    fn deref(&self) -> &TracedDelivery {
        &self.delivery
    }
}

impl DerefMut for TracedGetMessage {
    fn deref_mut(&mut self) -> &mut TracedDelivery {
        &mut self.delivery
    }
}

pub(crate) fn start(source: &Source) -> InFlight {
    let operation =
        MessagingOperation::new(OperationType::Receive, source.destination(None)).with_name("get");
    source.broker.client().start(&operation, &Context::current(), |_| {})
}

/// Ends the operation with its result.
pub(crate) fn finish(
    pending: Pending,
    source: Arc<Source>,
    got: Result<Option<BasicGetMessage>>,
) -> Result<Option<TracedGetMessage>> {
    let got = got.map(|message| {
        message.map(|BasicGetMessage { delivery, message_count }| TracedGetMessage {
            delivery: TracedDelivery::new(delivery, source),
            message_count,
        })
    });
    if let Some(in_flight) = &mut pending.done() {
        match &got {
            Ok(Some(message)) => {
                in_flight.message_count(1);
                record(in_flight, message);
            }
            Ok(None) => {}
            Err(error) => in_flight.record_error_as(error_class::of_error(error), error),
        }
    }
    got
}

fn record(in_flight: &InFlight, delivery: &TracedDelivery) {
    let size = delivery.shown_body_size();
    in_flight.record(|span| {
        if let Some(sender) = delivery.origin().span_context() {
            span.add_follows_from(sender);
        }
        record_message(delivery.routing_key.as_str(), size, &delivery.properties, span);
        span.set(DELIVERY_TAG, int(delivery.delivery_tag));
    });
}
