//! The `publish` span of one message.

use lapin::BasicProperties;
use opentelemetry::Context;
use tracing_core_lite::messaging::{Destination, InFlight, MessageView, MessagingOperation, OperationType};

use crate::config::Broker;
use crate::headers::{Headers, NewHeaders};
use crate::record::{cut, destination, record_message};

/// `messaging.operation.name` of a publish.
const PUBLISH: &str = "publish";

impl Broker {
    /// Starts a publish that does not go through a [`TracedChannel`](crate::TracedChannel): starts the span below the
    /// current one, and returns `properties` with its context in the headers. The span cuts names longer than 255
    /// bytes, the maximum in AMQP.
    #[must_use]
    pub fn publish(
        &self,
        exchange: &str,
        routing_key: &str,
        body_size: usize,
        properties: BasicProperties,
    ) -> (InFlight, BasicProperties) {
        self.publish_in(&Context::current(), exchange, routing_key, body_size, properties)
    }

    pub(crate) fn publish_in(
        &self,
        context: &Context,
        exchange: &str,
        routing_key: &str,
        body_size: usize,
        properties: BasicProperties,
    ) -> (InFlight, BasicProperties) {
        let [exchange, routing_key] = [exchange, routing_key].map(cut);
        let name = destination::published(exchange, routing_key);
        // On the default exchange, the routing key is the name of a queue.
        let queue = if exchange.is_empty() { routing_key } else { "" };
        self.publish_to(context, destination::with_queue(&name, queue), routing_key, body_size, properties)
    }

    /// Starts the publish of a reply to the address in `reply_to`.
    pub(crate) fn reply_in(
        &self,
        context: &Context,
        reply_to: &str,
        body_size: usize,
        properties: BasicProperties,
    ) -> (InFlight, BasicProperties) {
        let reply_to = cut(reply_to);
        self.publish_to(context, destination::of_reply(reply_to), reply_to, body_size, properties)
    }

    fn publish_to(
        &self,
        context: &Context,
        destination: Destination<'_>,
        routing_key: &str,
        body_size: usize,
        properties: BasicProperties,
    ) -> (InFlight, BasicProperties) {
        let operation = MessagingOperation::new(OperationType::Send, destination).with_name(PUBLISH);
        let in_flight = self.client().start(&operation, context, |span| {
            record_message(routing_key, self.client().shown_body_size(body_size), &properties, span);
            self.client()
                .on_send(&MessageView::new(destination.name, body_size, &Headers::of(&properties)), span);
        });
        let mut headers = NewHeaders::of(&properties);
        self.client().inject_to(destination.name, &in_flight, context, &mut headers);
        (in_flight, headers.put_into(properties))
    }
}
