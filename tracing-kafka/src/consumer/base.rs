//! The consumer that its owner polls.

use std::fmt;
use std::sync::Arc;

use rdkafka::ClientConfig;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, DefaultConsumerContext, base_consumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use rdkafka::util::Timeout;
use tracing_core_lite::messaging::{Batch, Destination, Settings};

use super::forward::forward_consumer;
use super::{Received, Receiver, TracedPartitionQueue};
use crate::headers::CarrierMessage;

/// A [`BaseConsumer`] that gives messages together with the context of their senders.
///
/// Made from a configuration as the bare one is, or around one that exists. Subscriptions, commits and all else are in the
/// trait [`Consumer`], as with the bare one; the context and its callbacks stay the caller's own.
///
/// ```no_run
/// use std::time::Duration;
/// use rdkafka::{ClientConfig, Message};
/// use rdkafka::consumer::Consumer;
/// use tracing_kafka::TracedBaseConsumer;
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let config = ClientConfig::new().set("bootstrap.servers", "kafka:9092").set("group.id", "mail").clone();
/// let consumer: TracedBaseConsumer = config.create()?;
/// consumer.subscribe(&["orders.created"])?;
/// while let Some(message) = consumer.poll(Duration::from_secs(1)) {
///     let message = message?;
///     let processing = message.start_processing();
///     let guard = processing.context().clone().attach();
///     // … what is called from here belongs to the message
///     drop(guard);
///     processing.end();
/// }
/// # Ok(())
/// # }
/// ```
pub struct TracedBaseConsumer<C = DefaultConsumerContext>
where
    C: ConsumerContext,
{
    inner: Arc<BaseConsumer<C>>,
    receiver: Receiver,
}

impl<C: ConsumerContext> TracedBaseConsumer<C> {
    /// Wraps `inner`, with default settings. Spans do not name the broker, the client and the group, as
    /// [`with_config`](Self::with_config) does.
    #[must_use]
    pub fn new(inner: BaseConsumer<C>) -> Self {
        Self::with_settings(inner, Settings::new())
    }

    /// Wraps `inner`, with `settings`.
    #[must_use]
    pub fn with_settings(inner: BaseConsumer<C>, settings: Settings) -> Self {
        Self { inner: Arc::new(inner), receiver: Receiver::new(settings, None) }
    }

    /// Wraps `inner`, which was made from `config`, with `settings`: spans name the first of `bootstrap.servers`, `client.id`
    /// and `group.id`.
    #[must_use]
    pub fn with_config(inner: BaseConsumer<C>, config: &ClientConfig, settings: Settings) -> Self {
        Self { inner: Arc::new(inner), receiver: Receiver::new(settings, Some(config)) }
    }

    /// The consumer without spans.
    #[must_use]
    pub fn inner(&self) -> &Arc<BaseConsumer<C>> {
        &self.inner
    }

    /// Gives a message its origin that came in another way, such as from the bare consumer.
    pub fn received<M: CarrierMessage>(&self, message: M) -> Received<M> {
        self.receiver.receive(message)
    }

    /// Starts the work on `messages` at once: one `process` span with a FollowsFrom link for each of them, and their topic and
    /// partition as far as they have them in common. See [`Batch`], and [`Received::item`] for the work on each.
    ///
    /// ```no_run
    /// # use rdkafka::message::OwnedMessage;
    /// # use tracing_kafka::{Received, TracedBaseConsumer};
    /// # fn store(_: &OwnedMessage) -> Result<(), std::io::Error> { Ok(()) }
    /// # fn work(consumer: &TracedBaseConsumer, messages: Vec<Received<OwnedMessage>>) {
    /// let batch = consumer.batch(&messages);
    /// for message in &messages {
    ///     let item = message.item(&batch);
    ///     match store(message) {
    ///         Ok(()) => item.processed(),
    ///         Err(error) => item.failure(&error),
    ///     }
    /// }
    /// batch.end();
    /// # }
    /// ```
    pub fn batch<M: CarrierMessage>(&self, messages: &[Received<M>]) -> Batch {
        self.receiver.batch(messages)
    }

    /// Starts the work on many messages of `topic` that are not there yet; each is added by [`Received::add_to`].
    pub fn start_batch(&self, topic: &str) -> Batch {
        self.receiver.start_batch(Destination::new(topic))
    }

    /// As [`BaseConsumer::poll`].
    ///
    /// # Errors
    /// Those of the bare consumer.
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) -> Option<KafkaResult<Received<BorrowedMessage<'_>>>> {
        let message = self.inner.poll(timeout)?;
        Some(message.map(|message| self.receiver.receive(message)))
    }

    /// As [`BaseConsumer::iter`]: waits for each message, without end.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, C> {
        Iter { inner: self.inner.iter(), receiver: &self.receiver }
    }

    /// As `split_partition_queue` of the bare consumer: a queue of its own for one partition.
    #[must_use]
    pub fn split_partition_queue(&self, topic: &str, partition: i32) -> Option<TracedPartitionQueue<C>> {
        let inner = self.inner.split_partition_queue(topic, partition)?;
        Some(TracedPartitionQueue { inner, receiver: self.receiver.clone() })
    }
}

/// The messages of a [`TracedBaseConsumer`].
pub struct Iter<'a, C: ConsumerContext> {
    inner: base_consumer::Iter<'a, C>,
    receiver: &'a Receiver,
}

impl<'a, C: ConsumerContext> Iterator for Iter<'a, C> {
    type Item = KafkaResult<Received<BorrowedMessage<'a>>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.inner.next()?.map(|message| self.receiver.receive(message)))
    }
}

impl<'a, C: ConsumerContext> IntoIterator for &'a TracedBaseConsumer<C> {
    type Item = KafkaResult<Received<BorrowedMessage<'a>>>;
    type IntoIter = Iter<'a, C>;

    fn into_iter(self) -> Iter<'a, C> {
        self.iter()
    }
}

forward_consumer!([C] TracedBaseConsumer<C>, C: ConsumerContext);

impl FromClientConfig for TracedBaseConsumer {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultConsumerContext)
    }
}

impl<C: ConsumerContext> FromClientConfigAndContext<C> for TracedBaseConsumer<C> {
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let inner = BaseConsumer::from_config_and_context(config, context)?;
        Ok(Self::with_config(inner, config, Settings::new()))
    }
}

impl<C: ConsumerContext> fmt::Debug for TracedBaseConsumer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedBaseConsumer").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}

impl<C: ConsumerContext> fmt::Debug for Iter<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}
