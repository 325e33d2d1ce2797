//! The producer that is polled by its user.

use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::client::{Client, ClientContext};
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::ToBytes;
use rdkafka::producer::{
    BaseProducer, BaseRecord, DefaultProducerContext, NoCustomPartitioner, Partitioner, Producer,
    ProducerContext,
};
use rdkafka::util::{IntoOpaque, Timeout};
use tracing_core_lite::messaging::Settings;

use super::context::{TracedOpaque, TracedProducerContext};
use super::forward::forward_producer;
use super::sender::{Outbound, Sender};
use super::sending::Sending;
use super::transactions::Counted;

/// A [`BaseProducer`] whose messages have spans and carry context.
///
/// The span of a message is a child of the span that is current when `send` is called, and ends at the delivery report, before
/// the context's [`delivery`](ProducerContext::delivery) is called. This holds for every constructor. Other functions are in the
/// trait [`Producer`], with a span for each transaction.
///
/// ```no_run
/// use std::time::Duration;
/// use rdkafka::ClientConfig;
/// use rdkafka::producer::{BaseRecord, Producer};
/// use tracing_kafka::TracedBaseProducer;
///
/// # fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let producer: TracedBaseProducer = ClientConfig::new().set("bootstrap.servers", "kafka:9092").create()?;
/// producer.send(BaseRecord::to("orders.created").key("4711").payload("…")).map_err(|(error, _record)| error)?;
/// producer.flush(Duration::from_secs(5))?;
/// # Ok(())
/// # }
/// ```
pub struct TracedBaseProducer<C = DefaultProducerContext, Part = NoCustomPartitioner>
where
    Part: Partitioner,
    C: ProducerContext<Part>,
{
    inner: BaseProducer<TracedProducerContext<C>, Part>,
    sender: Sender,
}

impl<C, Part> TracedBaseProducer<C, Part>
where
    Part: Partitioner,
    C: ProducerContext<Part>,
{
    /// Wraps `inner` with default settings. Spans name the broker and the client only with
    /// [`with_config`](Self::with_config).
    #[must_use]
    pub fn new(inner: BaseProducer<TracedProducerContext<C>, Part>) -> Self {
        Self::with_settings(inner, Settings::new())
    }

    /// Wraps `inner` with `settings`.
    #[must_use]
    pub fn with_settings(inner: BaseProducer<TracedProducerContext<C>, Part>, settings: Settings) -> Self {
        Self { inner, sender: Sender::new(settings, None) }
    }

    /// Wraps `inner`, which was created from `config`, with `settings`. Spans name the first of `bootstrap.servers`,
    /// `client.id` and `transactional.id`.
    #[must_use]
    pub fn with_config(
        inner: BaseProducer<TracedProducerContext<C>, Part>,
        config: &ClientConfig,
        settings: Settings,
    ) -> Self {
        Self { inner, sender: Sender::new(settings, Some(config)) }
    }

    /// Returns the bare producer. Sending with it requires a [`TracedOpaque`], which only `send` creates.
    #[must_use]
    pub fn inner(&self) -> &BaseProducer<TracedProducerContext<C>, Part> {
        &self.inner
    }

    /// Queues a message, like [`BaseProducer::send`], with a span that ends at the delivery report.
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

    /// Polls for delivery reports, like [`BaseProducer::poll`].
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) {
        self.inner.poll(timeout);
    }
}

/// Starts the span of `record` and stores it with the caller's opaque value.
pub(super) fn start<'a, K, P, D, C>(
    sender: &Sender,
    kafka: &Client<C>,
    mut record: BaseRecord<'a, K, P, D>,
) -> (BaseRecord<'a, K, P, Box<TracedOpaque<D>>>, Counted)
where
    K: ToBytes + ?Sized,
    P: ToBytes + ?Sized,
    D: IntoOpaque,
    C: ClientContext,
{
    let message = Outbound {
        topic: record.topic,
        partition: record.partition,
        key: record.key.map(ToBytes::to_bytes),
        payload: record.payload.map(ToBytes::to_bytes),
    };
    let (sending, counted) = sender.start(kafka, &message, &mut record.headers);
    let sending = Sending::new(sending);
    let record = BaseRecord {
        topic: record.topic,
        partition: record.partition,
        payload: record.payload,
        key: record.key,
        timestamp: record.timestamp,
        headers: record.headers,
        delivery_opaque: Box::new(TracedOpaque { opaque: record.delivery_opaque, sending }),
    };
    (record, counted)
}

/// Ends the span with `error` and returns the caller's record.
pub(super) fn give_back<'a, K, P, D>(
    error: &KafkaError,
    record: BaseRecord<'a, K, P, Box<TracedOpaque<D>>>,
) -> BaseRecord<'a, K, P, D>
where
    K: ToBytes + ?Sized,
    P: ToBytes + ?Sized,
    D: IntoOpaque,
{
    let TracedOpaque { opaque, sending } = *record.delivery_opaque;
    sending.fail(error);
    BaseRecord {
        topic: record.topic,
        partition: record.partition,
        payload: record.payload,
        key: record.key,
        timestamp: record.timestamp,
        headers: record.headers,
        delivery_opaque: opaque,
    }
}

forward_producer!([C, Part] TracedBaseProducer<C, Part>, TracedProducerContext<C>, Part,
    Part: Partitioner, C: ProducerContext<Part>);

impl FromClientConfig for TracedBaseProducer {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultProducerContext)
    }
}

impl<C, Part> FromClientConfigAndContext<C> for TracedBaseProducer<C, Part>
where
    Part: Partitioner,
    C: ProducerContext<Part>,
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let inner = BaseProducer::from_config_and_context(config, TracedProducerContext::new(context))?;
        Ok(Self::with_config(inner, config, Settings::new()))
    }
}

impl<C, Part> fmt::Debug for TracedBaseProducer<C, Part>
where
    Part: Partitioner,
    C: ProducerContext<Part>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedBaseProducer").field("sender", &self.sender).finish_non_exhaustive()
    }
}
