//! A wrapper for an existing `FutureProducer`.

use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::error::KafkaError;
use rdkafka::message::ToBytes;
use rdkafka::producer::future_producer::{FutureProducerContext, OwnedDeliveryResult};
use rdkafka::producer::{FutureProducer, FutureRecord, NoCustomPartitioner, Producer};
use rdkafka::util::{AsyncRuntime, DefaultRuntime, Timeout};
use tracing_core_lite::messaging::Settings;

use super::TracedDeliveryFuture;
use super::enqueue::{MessageParts, enqueue};
use super::forward::forward_producer;
use super::sender::{Outbound, Sender};
use super::sending::Sending;
use super::transactions::Counted;

/// A wrapper around an existing [`FutureProducer`], whose messages have spans and carry context.
///
/// Prefer a [`TracedFutureProducer`](super::TracedFutureProducer) if the producer can be created from its
/// configuration, because its delivery callback ends the spans. The callback of a `FutureProducer` is not accessible,
/// so this wrapper gets the delivery report from the future:
///
/// - On a tokio runtime, the span ends when the report arrives. If the future is not being awaited, a task on the
///   runtime ends the span. This also holds after the future is dropped.
/// - Without a tokio runtime, the span ends when the future is polled or dropped, with the time at which the report
///   arrived. If the future is dropped before the report, the span ends then with an event `cancelled`. The message may
///   still be delivered.
///
/// ```no_run
/// use std::time::Duration;
/// use rdkafka::producer::{FutureProducer, FutureRecord};
/// use tracing_kafka::WrappedFutureProducer;
///
/// # async fn send(producer: FutureProducer) -> Result<(), rdkafka::error::KafkaError> {
/// let producer = WrappedFutureProducer::new(producer);
/// let record = FutureRecord::to("orders.created").key("4711").payload("…");
/// producer.send(record, Duration::from_secs(5)).await.map_err(|(error, _message)| error)?;
/// # Ok(())
/// # }
/// ```
#[must_use = "the producer's thread stops when it is dropped"]
pub struct WrappedFutureProducer<C = DefaultClientContext, R = DefaultRuntime>
where
    C: ClientContext + 'static,
{
    inner: FutureProducer<C, R>,
    sender: Sender,
}

impl<C: ClientContext + 'static, R> WrappedFutureProducer<C, R> {
    /// Wraps `inner` with default settings. Spans name the broker and the client only with
    /// [`with_config`](Self::with_config). A task on the current tokio runtime ends spans whose report is not awaited.
    pub fn new(inner: FutureProducer<C, R>) -> Self {
        Self::with_settings(inner, Settings::new())
    }

    /// Wraps `inner` with `settings`. Spans end as with [`new`](Self::new).
    pub fn with_settings(inner: FutureProducer<C, R>, settings: Settings) -> Self {
        Self { inner, sender: Sender::new(settings, None) }
    }

    /// Wraps `inner`, which was created from `config`, with `settings`. Spans name the first of `bootstrap.servers`,
    /// `client.id` and `transactional.id`. Spans end as with [`new`](Self::new).
    pub fn with_config(inner: FutureProducer<C, R>, config: &ClientConfig, settings: Settings) -> Self {
        Self { inner, sender: Sender::new(settings, Some(config)) }
    }

    /// Returns the bare producer.
    pub fn inner(&self) -> &FutureProducer<C, R> {
        &self.inner
    }
}

impl<C, R> WrappedFutureProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    /// Sends a message and waits for its delivery report, like [`FutureProducer::send`].
    ///
    /// # Errors
    /// Returns the errors of the bare producer.
    #[allow(clippy::result_large_err, reason = "the results of the bare producer")]
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
        let parts = MessageParts::of(&record);
        let (sending, counted) = self.start(&mut record);
        let send = |record| self.inner.send_result(record);
        let result = match enqueue::<R, _, _>(record, queue_timeout.into(), send).await {
            Ok(report) => TracedDeliveryFuture::wrap(report, sending)
                .await
                // The report cannot be lost while the producer exists.
                .unwrap_or_else(|_| Err((KafkaError::Canceled, parts.message(None)))),
            Err((error, record)) => {
                sending.fail(&error);
                Err((error, parts.message(record.headers)))
            }
        };
        match &result {
            Ok(_) => counted.keep(),
            Err(_) => counted.take_back(),
        }
        result
    }

    /// Queues a message, like [`FutureProducer::send_result`], and returns a future of its delivery report.
    ///
    /// # Errors
    /// Returns the errors of the bare producer. The span records them: a full queue is `QueueFull`.
    #[allow(clippy::result_large_err, reason = "the signature of the bare producer")]
    pub fn send_result<'a, K, P>(
        &self,
        mut record: FutureRecord<'a, K, P>,
    ) -> Result<TracedDeliveryFuture, (KafkaError, FutureRecord<'a, K, P>)>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let (sending, counted) = self.start(&mut record);
        match self.inner.send_result(record) {
            Ok(report) => {
                counted.keep();
                Ok(TracedDeliveryFuture::wrap(report, sending))
            }
            Err((error, record)) => {
                counted.take_back();
                sending.fail(&error);
                Err((error, record))
            }
        }
    }

    /// Polls the producer, like [`FutureProducer::poll`].
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) {
        self.inner.poll(timeout);
    }

    fn start<K, P>(&self, record: &mut FutureRecord<'_, K, P>) -> (Sending, Counted)
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let message = Outbound::of(record);
        let (sending, counted) = self.sender.start(self.inner.client(), &message, &mut record.headers);
        (Sending::new(sending), counted)
    }
}

forward_producer!([C, R] WrappedFutureProducer<C, R>, FutureProducerContext<C>, NoCustomPartitioner,
    C: ClientContext + 'static, R: AsyncRuntime);

impl<C: ClientContext + 'static, R> Clone for WrappedFutureProducer<C, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), sender: self.sender.clone() }
    }
}

impl<C: ClientContext + 'static, R> fmt::Debug for WrappedFutureProducer<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedFutureProducer").field("sender", &self.sender).finish_non_exhaustive()
    }
}
