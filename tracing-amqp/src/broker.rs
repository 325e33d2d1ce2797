//! One broker, as spans see it.

use std::borrow::Cow;
use std::sync::Arc;

use lapin::message::Delivery;
use lapin::types::{MAX_SHORT_STRING_LENGTH, ShortString};
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel};
use opentelemetry::{Context, InstrumentationScope};
use tracing_core_lite::messaging::attribute::{BODY_SIZE, CONVERSATION_ID, MESSAGE_ID};
use tracing_core_lite::messaging::{
    Batch, Client, InFlight, MessageView, Operation, OperationType, Peer, Settings,
};
use tracing_core_lite::span::Recorder;

use crate::attribute::ROUTING_KEY;
use crate::destination;
use crate::headers::{Headers, NewHeaders};
use crate::source::Source;
use crate::{TracedChannel, TracedDelivery};

/// `messaging.operation.name` of a publish.
const PUBLISH: &str = "publish";

/// One broker, as spans see it: settings, and where it is. Made once, it wraps all channels; a clone is cheap.
///
/// [`TracedChannel::new`] makes one of its own, with the defaults.
///
/// ```no_run
/// use lapin::{Connection, ConnectionProperties};
/// use tracing_amqp::{Broker, Settings};
///
/// # async fn connect() -> lapin::Result<()> {
/// let uri = "amqp://user:secret@broker.internal:5672/%2f";
/// let broker = Broker::at(uri, Settings::new().settle_spans());
/// let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
/// let orders = broker.channel(connection.create_channel().await?);
/// let events = broker.channel(connection.create_channel().await?);
/// # drop((orders, events)); Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Broker(Client);

/// With the default settings, somewhere.
impl Default for Broker {
    fn default() -> Self {
        Self::new(Settings::new(), Peer::new())
    }
}

impl Broker {
    /// A broker that `peer` tells the place of.
    #[must_use]
    pub fn new(settings: Settings, peer: Peer) -> Self {
        let scope = InstrumentationScope::builder("tracing-amqp")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
            .build();
        Self(Client::new("rabbitmq", scope, settings, peer))
    }

    /// The broker at `uri`: its host and port become `server.address` and `server.port`, and nothing else of it is kept. What
    /// is not the URI of a broker says nothing.
    #[must_use]
    pub fn at(uri: &str, settings: Settings) -> Self {
        let peer = match uri.parse::<AMQPUri>() {
            Ok(uri) => Peer::new().server(uri.authority.host, Some(uri.authority.port)),
            Err(_) => Peer::new(),
        };
        Self::new(settings, peer)
    }

    /// Wraps a channel to this broker.
    #[must_use]
    pub fn channel(&self, channel: Channel) -> TracedChannel {
        TracedChannel::of(self.clone(), channel)
    }

    /// Begins to publish, for whoever does not do it through a [`TracedChannel`]: starts the span, below the one that is
    /// current, and gives `properties` with its context in the headers. Names longer than 255 bytes, which AMQP cannot send,
    /// are cut in the span.
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
        // A queue's name is a routing key of the default exchange.
        let queue = if exchange.is_empty() { routing_key } else { "" };
        let operation =
            Operation::new(OperationType::Send, destination::with_queue(&name, queue)).named(PUBLISH);
        let in_flight = self.0.start(&operation, context, |span| {
            record_message(routing_key, body_size, &properties, span);
            self.0.on_send(&MessageView::new(&name, body_size, &Headers::of(&properties)), span);
        });
        let mut headers = NewHeaders::of(&properties);
        self.0.inject(&in_flight, context, &mut headers);
        (in_flight, headers.put_into(properties))
    }

    /// Reads where a delivery from `queue` came from, for whoever does not receive through a [`TracedChannel`].
    #[must_use]
    pub fn delivery(&self, delivery: Delivery, queue: &str) -> TracedDelivery {
        TracedDelivery::new(delivery, Arc::new(Source::new(self.clone(), cut(queue).into(), false)))
    }

    /// Begins the work on many deliveries from `queue` at once: one `process` span. See [`Batch`].
    #[must_use]
    pub fn batch(&self, queue: &str) -> Batch {
        let destination = destination::with_queue(queue, queue);
        self.0.batch(&Operation::new(OperationType::Process, destination), |_| {})
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0
    }

    pub(crate) fn source(&self, queue: ShortString, no_ack: bool) -> Arc<Source> {
        Arc::new(Source::new(self.clone(), queue, no_ack))
    }
}

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
fn cut(name: &str) -> &str {
    let mut end = name.len().min(MAX_SHORT_STRING_LENGTH);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// What `delivered` calls a destination, kept only where it is not the queue.
pub(crate) fn other_than(name: Cow<'_, str>, queue: &str) -> Option<Box<str>> {
    (name != queue).then(|| name.into())
}
