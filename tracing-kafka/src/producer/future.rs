//! The producer that returns a future for each message.

use std::fmt;
use std::marker::PhantomData;

use futures_channel::oneshot;
use rdkafka::ClientConfig;
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::ToBytes;
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use rdkafka::producer::{BaseRecord, FutureRecord, NoCustomPartitioner, Producer, ThreadedProducer};
use rdkafka::util::{AsyncRuntime, DefaultRuntime, Timeout};
use tracing_core_lite::messaging::Settings;

use super::TracedDeliveryFuture;
use super::delivery_context::{TracedDelivery, TracedDeliveryContext};
use super::enqueue::{MessageParts, enqueue};
use super::forward::forward_producer;
use super::sender::{Outbound, Sender};
use super::sending::Sending;
use super::transactions::Counted;

/// A producer with the calls and results of rdkafka's [`FutureProducer`](rdkafka::producer::FutureProducer), whose messages
/// have spans and carry context.
///
/// It is created from a configuration, like the bare producer. To trace an existing `FutureProducer`, use
/// [`WrappedFutureProducer`](super::WrappedFutureProducer). Other functions are in the trait [`Producer`], with a span
/// for each transaction. Cloning it is cheap.
///
/// The span of a message is a child of the span that is current when the future of [`send`](Self::send) is first
/// polled, or when [`send_result`](Self::send_result) is called. The producer's delivery callback ends the span with
/// partition and offset or with the error, whether the future is polled, kept or dropped. This needs no async runtime.
/// If the future of `send` is dropped while the queue is full, the message is not sent, and the span ends with an event
/// `cancelled`.
///
/// The message in an error has the headers with which it was sent. Its trace context is replaced if it is sent again.
///
/// ```no_run
/// use std::time::Duration;
/// use rdkafka::ClientConfig;
/// use rdkafka::producer::FutureRecord;
/// use tracing_kafka::TracedFutureProducer;
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let producer: TracedFutureProducer = ClientConfig::new().set("bootstrap.servers", "kafka:9092").create()?;
/// let record = FutureRecord::to("orders.created").key("4711").payload("…");
/// let delivery = producer.send(record, Duration::from_secs(5)).await.map_err(|(error, _message)| error)?;
/// # drop(delivery);
/// # Ok(())
/// # }
/// ```
#[must_use = "the producer's thread stops when it is dropped"]
pub struct TracedFutureProducer<C = DefaultClientContext, R = DefaultRuntime>
where
    C: ClientContext + 'static,
{
    inner: ThreadedProducer<TracedDeliveryContext<C>>,
    sender: Sender,
    _runtime: PhantomData<fn() -> R>,
}

/// A record and the data for its delivery report.
type Outgoing<'a, K, P> = BaseRecord<'a, K, P, Box<TracedDelivery>>;

impl<R> TracedFutureProducer<DefaultClientContext, R> {
    /// Creates a producer from `config` with `settings`. Spans end in the producer's delivery callback.
    ///
    /// # Errors
    /// Returns the errors of [`ClientConfig::create`].
    pub fn create(config: &ClientConfig, settings: Settings) -> KafkaResult<Self> {
        Self::create_with_context(config, DefaultClientContext, settings)
    }
}

impl<C: ClientContext + 'static, R> TracedFutureProducer<C, R> {
    /// Creates a producer from `config` and `context` with `settings`. Spans end in the producer's delivery callback.
    ///
    /// # Errors
    /// Returns the errors of [`ClientConfig::create_with_context`].
    pub fn create_with_context(config: &ClientConfig, context: C, settings: Settings) -> KafkaResult<Self> {
        let inner = ThreadedProducer::from_config_and_context(config, TracedDeliveryContext::new(context))?;
        Ok(Self { inner, sender: Sender::new(settings, Some(config)), _runtime: PhantomData })
    }

    /// Returns the bare producer. Sending with it requires a [`TracedDelivery`], which only this type creates.
    pub fn inner(&self) -> &ThreadedProducer<TracedDeliveryContext<C>> {
        &self.inner
    }

    /// Queues a message, like [`FutureProducer::send_result`](rdkafka::producer::FutureProducer::send_result), and
    /// returns a future of its delivery report.
    ///
    /// # Errors
    /// Returns the errors of the bare producer. The span records them: a full queue is `QueueFull`.
    #[allow(clippy::result_large_err, reason = "the signature of the bare producer")]
    pub fn send_result<'a, K, P>(
        &self,
        record: FutureRecord<'a, K, P>,
    ) -> Result<TracedDeliveryFuture, (KafkaError, FutureRecord<'a, K, P>)>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let (record, report, counted) = self.start(record);
        match self.inner.send(record) {
            Ok(()) => {
                counted.keep();
                Ok(TracedDeliveryFuture::of_callback(report))
            }
            Err((error, record)) => {
                counted.take_back();
                record.delivery_opaque.sending.fail(&error);
                let (topic, partition, payload) = (record.topic, record.partition, record.payload);
                let (key, timestamp, headers) = (record.key, record.timestamp, record.headers);
                Err((error, FutureRecord { topic, partition, payload, key, timestamp, headers }))
            }
        }
    }

    /// Polls the producer, like [`FutureProducer::poll`](rdkafka::producer::FutureProducer::poll).
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) {
        self.inner.poll(timeout);
    }

    /// Starts the span of `record` and stores it with the sender of the report.
    fn start<'a, K, P>(
        &self,
        mut record: FutureRecord<'a, K, P>,
    ) -> (Outgoing<'a, K, P>, oneshot::Receiver<OwnedDeliveryResult>, Counted)
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let message = Outbound::of(&record);
        let (sending, counted) = self.sender.start(self.inner.client(), &message, &mut record.headers);
        let (sender, report) = oneshot::channel();
        let record = BaseRecord {
            topic: record.topic,
            partition: record.partition,
            payload: record.payload,
            key: record.key,
            timestamp: record.timestamp,
            headers: record.headers,
            delivery_opaque: Box::new(TracedDelivery { report: sender, sending: Sending::new(sending) }),
        };
        (record, report, counted)
    }
}

impl<C, R> TracedFutureProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    /// Sends a message and waits for its delivery report, like
    /// [`FutureProducer::send`](rdkafka::producer::FutureProducer::send).
    ///
    /// # Errors
    /// Returns the errors of the bare producer.
    #[allow(clippy::result_large_err, reason = "the results of the bare producer")]
    pub async fn send<K, P, T>(&self, record: FutureRecord<'_, K, P>, queue_timeout: T) -> OwnedDeliveryResult
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
        T: Into<Timeout>,
    {
        let parts = MessageParts::of(&record);
        let (record, report, counted) = self.start(record);
        let queued = enqueue::<R, _, _>(record, queue_timeout.into(), |record| self.inner.send(record)).await;
        let result = match queued {
            // The report cannot be lost while the producer exists.
            Ok(()) => report.await.unwrap_or_else(|_| Err((KafkaError::Canceled, parts.message(None)))),
            Err((error, record)) => {
                record.delivery_opaque.sending.fail(&error);
                Err((error, parts.message(record.headers)))
            }
        };
        match &result {
            Ok(_) => counted.keep(),
            Err(_) => counted.take_back(),
        }
        result
    }
}

forward_producer!([C, R] TracedFutureProducer<C, R>, TracedDeliveryContext<C>, NoCustomPartitioner,
    C: ClientContext + 'static, R: AsyncRuntime);

impl<R: AsyncRuntime> FromClientConfig for TracedFutureProducer<DefaultClientContext, R> {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::create(config, Settings::new())
    }
}

impl<C: ClientContext + 'static, R: AsyncRuntime> FromClientConfigAndContext<C>
    for TracedFutureProducer<C, R>
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        Self::create_with_context(config, context, Settings::new())
    }
}

impl<C: ClientContext + 'static, R> Clone for TracedFutureProducer<C, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), sender: self.sender.clone(), _runtime: PhantomData }
    }
}

impl<C: ClientContext + 'static, R> fmt::Debug for TracedFutureProducer<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedFutureProducer").field("sender", &self.sender).finish_non_exhaustive()
    }
}
