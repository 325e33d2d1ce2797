//! The wrapper of a channel.

use std::fmt;

use lapin::message::BasicReturnMessage;
use lapin::options::{BasicConsumeOptions, BasicGetOptions, BasicPublishOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Result};
use opentelemetry::Context;
use tracing_core_lite::messaging::{InFlight, MessageBatch, Peer, Settings};

use super::get::{self, TracedGetMessage};
use crate::config::Broker;
use crate::consumer::{Source, TracedConsumer};
use crate::publisher::{ReturnedMessages, TracedConfirm};
use crate::record::{Pending, error_class};

/// A [`Channel`] whose publishes and deliveries are traced.
///
/// Calls have the arguments, the results and the errors of the bare channel. Functions that this type does not have
/// (queues, exchanges, transactions) are on [`inner`](TracedChannel::inner). This type does not dereference to the bare
/// channel, so that no publish bypasses it by accident.
///
/// ```no_run
/// use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
/// use lapin::{BasicProperties, Connection, ConnectionProperties};
/// use tracing_amqp::TracedChannel;
///
/// # async fn publish() -> lapin::Result<()> {
/// let connection = Connection::connect("amqp://broker.internal/%2f", ConnectionProperties::default()).await?;
/// let channel = TracedChannel::new(connection.create_channel().await?);
/// channel.inner().confirm_select(ConfirmSelectOptions::default()).await?;
///
/// let options = BasicPublishOptions { mandatory: true, ..Default::default() };
/// let properties = BasicProperties::default().with_content_type("application/json".into());
/// let confirm = channel.basic_publish("orders".into(), "created".into(), options, b"{}", properties).await?;
/// assert!(confirm.await?.is_ack());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TracedChannel {
    channel: Channel,
    broker: Broker,
    returned: ReturnedMessages,
}

impl TracedChannel {
    /// Wraps `channel` with the default settings.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Broker::default().channel(channel)
    }

    /// Wraps `channel` with `settings`. To share settings and the broker's address between channels, use
    /// [`Broker::channel`].
    #[must_use]
    pub fn with_settings(channel: Channel, settings: Settings) -> Self {
        Broker::new(settings, Peer::new()).channel(channel)
    }

    /// Returns the bare channel.
    #[must_use]
    pub fn inner(&self) -> &Channel {
        &self.channel
    }

    /// Returns the broker whose settings this channel uses.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Publishes a message, with the context of its `publish` span in the headers.
    ///
    /// `properties` are sent unchanged, except for headers of trace context, which are replaced in any letter case. The span is
    /// a child of the current one. With publisher confirms, it ends when the broker answers: see [`TracedConfirm`]. Without
    /// them, it ends when the message is written. If publishing fails, it ends with the error.
    ///
    /// # Errors
    /// Returns the errors of [`Channel::basic_publish`].
    pub async fn basic_publish(
        &self,
        exchange: ShortString,
        routing_key: ShortString,
        options: BasicPublishOptions,
        payload: &[u8],
        properties: BasicProperties,
    ) -> Result<TracedConfirm> {
        let (key, size) = (routing_key.as_str(), payload.len());
        let (in_flight, properties) =
            self.broker.publish_in(&Context::current(), exchange.as_str(), key, size, properties);
        self.send(in_flight, exchange, routing_key, options, payload, properties).await
    }

    /// Sends the message of a publish that has started.
    pub(crate) async fn send(
        &self,
        in_flight: InFlight,
        exchange: ShortString,
        routing_key: ShortString,
        options: BasicPublishOptions,
        payload: &[u8],
        properties: BasicProperties,
    ) -> Result<TracedConfirm> {
        let publishing = Pending::new(in_flight);
        let is_confirmed = self.channel.status().confirm();
        let returned = (options.mandatory || options.immediate).then(|| self.returned.clone());
        let published = self.channel.basic_publish(exchange, routing_key, options, payload, properties).await;
        let mut in_flight = publishing.done();
        match published {
            Ok(confirm) => Ok(TracedConfirm::new(confirm, in_flight.filter(|_| is_confirmed), returned)),
            Err(error) => {
                if let Some(in_flight) = &mut in_flight {
                    in_flight.record_error_as(error_class::of_error(&error), &error);
                }
                Err(error)
            }
        }
    }

    /// Waits for all publisher confirms of the channel, like [`Channel::wait_for_confirms`]. Returns the mandatory
    /// messages that the broker returned and whose [`TracedConfirm`] was dropped.
    ///
    /// The bare channel's `wait_for_confirms` omits messages whose confirm arrived before it was dropped.
    ///
    /// # Errors
    /// Returns the errors of [`Channel::wait_for_confirms`].
    pub async fn wait_for_confirms(&self) -> Result<Vec<BasicReturnMessage>> {
        let mut returned = self.channel.wait_for_confirms().await?;
        returned.extend(self.returned.take());
        Ok(returned)
    }

    /// Starts a consumer whose deliveries carry the context of their senders.
    ///
    /// # Errors
    /// Returns the errors of [`Channel::basic_consume`].
    pub async fn basic_consume(
        &self,
        queue: ShortString,
        consumer_tag: ShortString,
        options: BasicConsumeOptions,
        arguments: FieldTable,
    ) -> Result<TracedConsumer> {
        let consumer = self.channel.basic_consume(queue, consumer_tag, options, arguments).await?;
        // An empty name means the queue that was declared last, which lapin does not resolve.
        let source = Source::new(&self.broker, consumer.queue(), options.no_ack);
        Ok(TracedConsumer::new(consumer, source))
    }

    /// Gets one message, under a `get` span of type `receive` with a FollowsFrom link to the span that sent the
    /// message. An empty queue gets a span too.
    ///
    /// # Errors
    /// Returns the errors of [`Channel::basic_get`].
    pub async fn basic_get(
        &self,
        queue: ShortString,
        options: BasicGetOptions,
    ) -> Result<Option<TracedGetMessage>> {
        let source = Source::new(&self.broker, queue.clone(), options.no_ack);
        let getting = Pending::new(get::start(&source));
        let got = self.channel.basic_get(queue, options).await;
        get::finish(getting, source, got)
    }

    /// Starts the work on several deliveries from `queue`: one `process` span. See [`MessageBatch`].
    #[must_use]
    pub fn batch(&self, queue: &str) -> MessageBatch {
        self.broker.batch(queue)
    }
}

impl Broker {
    /// Wraps a channel to this broker.
    #[must_use]
    pub fn channel(&self, channel: Channel) -> TracedChannel {
        TracedChannel { channel, broker: self.clone(), returned: ReturnedMessages::default() }
    }
}

impl fmt::Debug for TracedChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedChannel").field("id", &self.channel.id()).finish_non_exhaustive()
    }
}
