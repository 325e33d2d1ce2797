//! The producer with a polling thread.

use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::ToBytes;
use rdkafka::producer::{
    BaseRecord, DefaultProducerContext, NoCustomPartitioner, Partitioner, Producer, ProducerContext,
    ThreadedProducer,
};
use rdkafka::util::Timeout;
use tracing_core_lite::messaging::Settings;

use super::base::{give_back, start};
use super::context::TracedProducerContext;
use super::forward::forward_producer;
use super::sender::Sender;

/// A [`ThreadedProducer`] whose messages have spans and carry context.
///
/// It works like [`TracedBaseProducer`](super::TracedBaseProducer), except that spans end on the producer's own thread.
/// Cloning it is cheap.
#[must_use = "the producer's thread stops when it is dropped"]
pub struct TracedThreadedProducer<C = DefaultProducerContext, Part = NoCustomPartitioner>
where
    Part: Partitioner,
    C: ProducerContext<Part> + 'static,
{
    inner: ThreadedProducer<TracedProducerContext<C>, Part>,
    sender: Sender,
}

impl<C, Part> TracedThreadedProducer<C, Part>
where
    Part: Partitioner,
    C: ProducerContext<Part> + 'static,
{
    /// Wraps `inner` with default settings. Spans name the broker and the client only with
    /// [`with_config`](Self::with_config).
    pub fn new(inner: ThreadedProducer<TracedProducerContext<C>, Part>) -> Self {
        Self::with_settings(inner, Settings::new())
    }

    /// Wraps `inner` with `settings`.
    pub fn with_settings(
        inner: ThreadedProducer<TracedProducerContext<C>, Part>,
        settings: Settings,
    ) -> Self {
        Self { inner, sender: Sender::new(settings, None) }
    }

    /// Wraps `inner`, which was created from `config`, with `settings`. Spans name the first of `bootstrap.servers`,
    /// `client.id` and `transactional.id`.
    pub fn with_config(
        inner: ThreadedProducer<TracedProducerContext<C>, Part>,
        config: &ClientConfig,
        settings: Settings,
    ) -> Self {
        Self { inner, sender: Sender::new(settings, Some(config)) }
    }

    /// Returns the bare producer. Sending with it requires a [`TracedOpaque`](super::TracedOpaque), which only `send`
    /// creates.
    pub fn inner(&self) -> &ThreadedProducer<TracedProducerContext<C>, Part> {
        &self.inner
    }

    /// Queues a message, like [`ThreadedProducer::send`], with a span that ends at the delivery report.
    ///
    /// # Errors
    /// Returns the errors of the bare producer. The span records them: a full queue is `QueueFull`. The record in an
    /// error has trace context in its headers, which is replaced if the record is sent again.
    #[allow(clippy::result_large_err, clippy::type_complexity, reason = "the signature of the bare producer")]
    pub fn send<'a, K, P>(
        &self,
        record: BaseRecord<'a, K, P, C::DeliveryOpaque>,
    ) -> Result<(), (KafkaError, BaseRecord<'a, K, P, C::DeliveryOpaque>)>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let (record, counted) = start(&self.sender, self.inner.client(), record);
        match self.inner.send(record) {
            Ok(()) => {
                counted.keep();
                Ok(())
            }
            Err((error, record)) => {
                counted.take_back();
                let record = give_back(&error, record);
                Err((error, record))
            }
        }
    }

    /// Polls for delivery reports, like [`ThreadedProducer::poll`].
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) {
        self.inner.poll(timeout);
    }
}

forward_producer!([C, Part] TracedThreadedProducer<C, Part>, TracedProducerContext<C>, Part,
    Part: Partitioner, C: ProducerContext<Part> + 'static);

impl FromClientConfig for TracedThreadedProducer {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultProducerContext)
    }
}

impl<C, Part> FromClientConfigAndContext<C> for TracedThreadedProducer<C, Part>
where
    Part: Partitioner + Send + Sync + 'static,
    C: ProducerContext<Part> + 'static,
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let inner = ThreadedProducer::from_config_and_context(config, TracedProducerContext::new(context))?;
        Ok(Self::with_config(inner, config, Settings::new()))
    }
}

impl<C: ProducerContext + 'static> Clone for TracedThreadedProducer<C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), sender: self.sender.clone() }
    }
}

impl<C, Part> fmt::Debug for TracedThreadedProducer<C, Part>
where
    Part: Partitioner,
    C: ProducerContext<Part> + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedThreadedProducer").field("sender", &self.sender).finish_non_exhaustive()
    }
}
