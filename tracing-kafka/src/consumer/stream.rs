//! The consumer that returns a stream of messages.

use std::fmt;
use std::sync::Arc;

use rdkafka::ClientConfig;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{Consumer, ConsumerContext, DefaultConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::util::{AsyncRuntime, DefaultRuntime};
use tracing_core_lite::messaging::{Destination, MessageBatch, Settings};

use super::forward::forward_consumer;
use super::{Received, Receiver, TracedMessageStream, TracedStreamPartitionQueue};
use crate::headers::CarrierMessage;

/// A [`StreamConsumer`] that returns messages with the context of their senders.
///
/// Create it from a configuration, like the bare consumer, or wrap an existing consumer. Subscriptions, commits and all
/// other functions are in the trait [`Consumer`]. The consumer keeps its context and callbacks.
///
/// ```no_run
/// use rdkafka::{ClientConfig, Message};
/// use rdkafka::consumer::{CommitMode, Consumer};
/// use tracing_kafka::TracedStreamConsumer;
///
/// # async fn store(_: Option<&[u8]>) -> Result<(), std::io::Error> { Ok(()) }
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let config = ClientConfig::new().set("bootstrap.servers", "kafka:9092").set("group.id", "mail").clone();
/// let consumer: TracedStreamConsumer = config.create()?;
/// consumer.subscribe(&["orders.created"])?;
/// loop {
///     let message = consumer.recv().await?;
///     message.process(|message| async move { store(message.payload()).await }).await?;
///     consumer.commit_message(&message, CommitMode::Async)?;
/// }
/// # }
/// ```
#[must_use = "the consumer leaves its group when it is dropped"]
pub struct TracedStreamConsumer<C = DefaultConsumerContext, R = DefaultRuntime>
where
    C: ConsumerContext,
{
    inner: Arc<StreamConsumer<C, R>>,
    receiver: Receiver,
}

impl<C: ConsumerContext, R> TracedStreamConsumer<C, R> {
    /// Wraps `inner` with default settings. Spans name the broker, the client and the group only with
    /// [`with_config`](Self::with_config).
    pub fn new(inner: StreamConsumer<C, R>) -> Self {
        Self::with_settings(inner, Settings::new())
    }

    /// Wraps `inner` with `settings`.
    pub fn with_settings(inner: StreamConsumer<C, R>, settings: Settings) -> Self {
        Self { inner: Arc::new(inner), receiver: Receiver::new(settings, None) }
    }

    /// Wraps `inner`, which was created from `config`, with `settings`. Spans name the first of `bootstrap.servers`,
    /// `client.id` and `group.id`.
    pub fn with_config(inner: StreamConsumer<C, R>, config: &ClientConfig, settings: Settings) -> Self {
        Self { inner: Arc::new(inner), receiver: Receiver::new(settings, Some(config)) }
    }

    /// Returns the bare consumer.
    pub fn inner(&self) -> &Arc<StreamConsumer<C, R>> {
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
    /// # use tracing_kafka::{Received, TracedStreamConsumer};
    /// # fn store(_: &OwnedMessage) -> Result<(), std::io::Error> { Ok(()) }
    /// # fn work(consumer: &TracedStreamConsumer, messages: Vec<Received<OwnedMessage>>) {
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
}

impl<C: ConsumerContext + 'static, R> TracedStreamConsumer<C, R> {
    /// Receives a message, like [`StreamConsumer::recv`]. It is equally cancel-safe.
    ///
    /// # Errors
    /// Returns the errors of the bare consumer.
    pub async fn recv(&self) -> Result<Received<BorrowedMessage<'_>>, KafkaError> {
        self.inner.recv().await.map(|message| self.receiver.receive(message, Some(self.inner.client())))
    }

    /// Returns the stream of messages, like [`StreamConsumer::stream`].
    pub fn stream(&self) -> TracedMessageStream<'_, C> {
        TracedMessageStream {
            inner: self.inner.stream(),
            receiver: &self.receiver,
            kafka: Some(self.inner.client()),
        }
    }

    /// Returns a separate queue for one partition, like the bare consumer's `split_partition_queue`.
    pub fn split_partition_queue(
        &self,
        topic: &str,
        partition: i32,
    ) -> Option<TracedStreamPartitionQueue<C, R>> {
        let inner = self.inner.split_partition_queue(topic, partition)?;
        Some(TracedStreamPartitionQueue { inner, receiver: self.receiver.clone() })
    }
}

forward_consumer!([C, R] TracedStreamConsumer<C, R>, C: ConsumerContext);

impl<R: AsyncRuntime> FromClientConfig for TracedStreamConsumer<DefaultConsumerContext, R> {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultConsumerContext)
    }
}

impl<C: ConsumerContext + 'static, R: AsyncRuntime> FromClientConfigAndContext<C>
    for TracedStreamConsumer<C, R>
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let inner = StreamConsumer::from_config_and_context(config, context)?;
        Ok(Self::with_config(inner, config, Settings::new()))
    }
}

impl<C: ConsumerContext, R> fmt::Debug for TracedStreamConsumer<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedStreamConsumer").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}
