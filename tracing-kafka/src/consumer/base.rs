//! The consumer without a stream, which is polled by its user.

use std::fmt;
use std::sync::Arc;

use rdkafka::ClientConfig;
use rdkafka::client::Client;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, DefaultConsumerContext, base_consumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use rdkafka::util::Timeout;
use tracing_core_lite::messaging::{Destination, MessageBatch, Settings};

use super::forward::forward_consumer;
use super::{Received, Receiver, TracedPartitionQueue};
use crate::headers::CarrierMessage;

/// A [`BaseConsumer`] that returns messages with the context of their senders.
///
/// Create it from a configuration, like the bare consumer, or wrap an existing consumer. Subscriptions, commits and all
/// other functions are in the trait [`Consumer`]. The consumer keeps its context and callbacks.
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
///     // … spans that start here belong to the message
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
    /// Wraps `inner` with default settings. Spans name the broker, the client and the group only with
    /// [`with_config`](Self::with_config).
    #[must_use]
    pub fn new(inner: BaseConsumer<C>) -> Self {
        Self::with_settings(inner, Settings::new())
    }

    /// Wraps `inner` with `settings`.
    #[must_use]
    pub fn with_settings(inner: BaseConsumer<C>, settings: Settings) -> Self {
        Self { inner: Arc::new(inner), receiver: Receiver::new(settings, None) }
    }

    /// Wraps `inner`, which was created from `config`, with `settings`. Spans name the first of `bootstrap.servers`,
    /// `client.id` and `group.id`.
    #[must_use]
    pub fn with_config(inner: BaseConsumer<C>, config: &ClientConfig, settings: Settings) -> Self {
        Self { inner: Arc::new(inner), receiver: Receiver::new(settings, Some(config)) }
    }

    /// Returns the bare consumer.
    #[must_use]
    pub fn inner(&self) -> &Arc<BaseConsumer<C>> {
        &self.inner
    }

    /// Returns the sender of a message that was received in another way, for example from the bare consumer.
    pub fn received<M: CarrierMessage>(&self, message: M) -> Received<M> {
        self.receiver.receive(message, Some(self.inner.client()))
    }

    /// Starts the work on several `messages`: one `process` span with a FollowsFrom link for each message, and with the
    /// topic and partition that they share. See [`MessageBatch`], and [`Received::item`] for the work on each message.
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
    ///         Err(error) => item.failed(&error),
    ///     }
    /// }
    /// batch.end();
    /// # }
    /// ```
    pub fn batch<M: CarrierMessage>(&self, messages: &[Received<M>]) -> MessageBatch {
        self.receiver.batch(messages)
    }

    /// Starts the work on messages of `topic` that arrive later. [`Received::add_to`] adds each.
    pub fn start_batch(&self, topic: &str) -> MessageBatch {
        self.receiver.start_batch(Destination::new(topic))
    }

    /// Polls for a message, like [`BaseConsumer::poll`].
    ///
    /// # Errors
    /// Returns the errors of the bare consumer.
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) -> Option<KafkaResult<Received<BorrowedMessage<'_>>>> {
        let message = self.inner.poll(timeout)?;
        Some(message.map(|message| self.receiver.receive(message, Some(self.inner.client()))))
    }

    /// Returns an iterator that waits for each message, like [`BaseConsumer::iter`].
    #[must_use]
    pub fn iter(&self) -> Iter<'_, C> {
        Iter { inner: self.inner.iter(), receiver: &self.receiver, kafka: self.inner.client() }
    }

    /// Returns a separate queue for one partition, like the bare consumer's `split_partition_queue`.
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
    kafka: &'a Client<C>,
}

impl<'a, C: ConsumerContext> Iterator for Iter<'a, C> {
    type Item = KafkaResult<Received<BorrowedMessage<'a>>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.inner.next()?.map(|message| self.receiver.receive(message, Some(self.kafka))))
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
