//! The queue and the broker that deliveries come from.

use std::sync::Arc;

use lapin::message::Delivery;
use lapin::types::ShortString;
use opentelemetry::Context;
use tracing_core_lite::messaging::{Destination, InFlight, MessagingOperation, OperationType, Origin};

use crate::config::Broker;
use crate::headers::Headers;
use crate::record::attribute::DELIVERY_TAG;
use crate::record::{dead_letter, destination, int};

/// The data that the deliveries of one consumer share.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) broker: Broker,
    pub(crate) queue: ShortString,
    /// Whether deliveries need no acknowledgement.
    pub(crate) no_ack: bool,
}

impl Source {
    pub(crate) fn new(broker: &Broker, queue: ShortString, no_ack: bool) -> Arc<Self> {
        Arc::new(Self { broker: broker.clone(), queue, no_ack })
    }

    /// Reads the sender of `delivery` and the number of the attempt.
    pub(crate) fn origin(&self, delivery: &Delivery) -> Origin {
        let headers = Headers::of(&delivery.properties);
        let origin = self.broker.client().extract_from(self.queue.as_str(), &headers);
        origin.with_earlier_attempts(dead_letter::tries(headers))
    }

    pub(crate) fn destination<'a>(&'a self, name: Option<&'a str>) -> Destination<'a> {
        let queue = self.queue.as_str();
        destination::with_queue(name.unwrap_or(queue), queue)
    }

    /// Starts the span of a settlement if the settings enable such spans.
    pub(crate) fn settle(
        &self,
        delivery: &Delivery,
        name: Option<&str>,
        operation: &'static str,
        context: &Context,
    ) -> Option<InFlight> {
        let client = self.broker.client();
        client.has_settle_spans().then(|| {
            let operation =
                MessagingOperation::new(OperationType::Settle, self.destination(name)).with_name(operation);
            client.start(&operation, context, |span| {
                span.set(DELIVERY_TAG, int(delivery.delivery_tag));
            })
        })
    }
}
