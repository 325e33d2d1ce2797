//! The producer that gives a future for each message.

use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::ToBytes;
use rdkafka::producer::future_producer::{FutureProducerContext, OwnedDeliveryResult};
use rdkafka::producer::{FutureProducer, FutureRecord, NoCustomPartitioner};
use rdkafka::util::{AsyncRuntime, DefaultRuntime, Timeout};
use tracing_core_lite::messaging::{InFlight, Settings};

use super::TracedDeliveryFuture;
use super::forward::forward_producer;
use crate::sending::{Outbound, Sender, failed};

/// A [`FutureProducer`] whose messages have spans and carry context.
///
/// Made from a configuration as the bare one is, or around one that exists. Calls and results are those of the bare producer,
/// its other functions are in the trait [`Producer`](rdkafka::producer::Producer), with a span for each transaction. A clone is cheap.
///
/// The span of a message is a child of the span that is current when the future of `send` is first polled, which is when the
/// bare producer takes the message, or when `send_result` is called. It ends at the delivery report, with
/// partition and offset or with the error. When the future of `send` is dropped before, it ends at that moment with an event
/// `cancelled`: the message may be delivered all the same.
///
/// The message in an error has the headers with which it was sent, context included; to send it again replaces them.
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
    inner: FutureProducer<C, R>,
    sender: Sender,
}

impl<C: ClientContext + 'static, R> TracedFutureProducer<C, R> {
    /// Wraps `inner`, with default settings. Spans do not name the broker and the client, as
    /// [`with_config`](Self::with_config) does.
    pub fn new(inner: FutureProducer<C, R>) -> Self {
        Self::with_settings(inner, Settings::new())
    }

    /// Wraps `inner`, with `settings`.
    pub fn with_settings(inner: FutureProducer<C, R>, settings: Settings) -> Self {
        Self { inner, sender: Sender::new(settings, None) }
    }

    /// Wraps `inner`, which was made from `config`, with `settings`: spans name the first of `bootstrap.servers`, `client.id`
    /// and `transactional.id`.
    pub fn with_config(inner: FutureProducer<C, R>, config: &ClientConfig, settings: Settings) -> Self {
        Self { inner, sender: Sender::new(settings, Some(config)) }
    }

    /// The producer without spans.
    pub fn inner(&self) -> &FutureProducer<C, R> {
        &self.inner
    }
}

impl<C, R> TracedFutureProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    /// As [`FutureProducer::send`], with a span that lasts until the delivery report.
    ///
    /// # Errors
    /// Those of the bare producer.
    pub async fn send<K, P, T>(
        &self,
        mut record: FutureRecord<'_, K, P>,
        queue_timeout: T,
    ) -> OwnedDeliveryResult
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
        T: Into<Timeout>,
    {
        let sending = Observed(Some(self.start(&mut record)));
        let result = self.inner.send(record, queue_timeout).await;
        sending.end(&result);
        result
    }

    /// As [`FutureProducer::send_result`]. The span lasts until the delivery report, or until the future is dropped.
    ///
    /// # Errors
    /// Those of the bare producer, which are on the span, too: a full queue is `QueueFull`.
    #[allow(clippy::result_large_err, reason = "the signature of the bare producer")]
    pub fn send_result<'a, K, P>(
        &self,
        mut record: FutureRecord<'a, K, P>,
    ) -> Result<TracedDeliveryFuture, (KafkaError, FutureRecord<'a, K, P>)>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let mut sending = self.start(&mut record);
        match self.inner.send_result(record) {
            Ok(delivery) => Ok(TracedDeliveryFuture::new(delivery, sending)),
            Err((error, record)) => {
                failed(&mut sending, &error);
                Err((error, record))
            }
        }
    }

    /// As [`FutureProducer::poll`].
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) {
        self.inner.poll(timeout);
    }

    fn start<K, P>(&self, record: &mut FutureRecord<'_, K, P>) -> InFlight
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let message = Outbound {
            topic: record.topic,
            partition: record.partition,
            key: record.key.map(ToBytes::to_bytes),
            payload: record.payload.map(ToBytes::to_bytes),
        };
        self.sender.start(&message, &mut record.headers)
    }
}

/// A span whose end somebody waits for.
struct Observed(Option<InFlight>);

impl Observed {
    fn end(mut self, result: &OwnedDeliveryResult) {
        if let Some(sending) = self.0.take() {
            super::delivery_future::end(sending, result);
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if let Some(sending) = self.0.take() {
            sending.end_with(|span| {
                span.event("cancelled", &[]);
            });
        }
    }
}

forward_producer!([C, R] TracedFutureProducer<C, R>, FutureProducerContext<C>, NoCustomPartitioner,
    C: ClientContext + 'static, R: AsyncRuntime);

impl<R: AsyncRuntime> FromClientConfig for TracedFutureProducer<DefaultClientContext, R> {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultClientContext)
    }
}

impl<C: ClientContext + 'static, R: AsyncRuntime> FromClientConfigAndContext<C>
    for TracedFutureProducer<C, R>
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let inner = FutureProducer::from_config_and_context(config, context)?;
        Ok(Self::with_config(inner, config, Settings::new()))
    }
}

impl<C: ClientContext + 'static, R> Clone for TracedFutureProducer<C, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), sender: self.sender.clone() }
    }
}

impl<C: ClientContext + 'static, R> fmt::Debug for TracedFutureProducer<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedFutureProducer").field("sender", &self.sender).finish_non_exhaustive()
    }
}
