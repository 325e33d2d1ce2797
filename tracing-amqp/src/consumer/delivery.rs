//! A delivery with the context of its sender.

use std::error::Error;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use lapin::{BasicProperties, Result};
use opentelemetry::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::{BatchItem, Destination, MessageBatch, Origin};

use super::outcome::DeliveryOutcome;
use super::processing::ProcessingDelivery;
use super::retry::properties_for_retry;
use super::settlement;
use super::source::Source;
use super::work::EndOnDrop;
use crate::config::Broker;
use crate::record::attribute::DELIVERY_TAG;
use crate::record::{cut, destination, ids, int, record_message};

/// `messaging.operation.name` under which deliveries are counted.
const DELIVER: &str = "deliver";

/// A [`Delivery`] with the context of its sender. It has no span until it is [processed](TracedDelivery::process),
/// [starts being processed](TracedDelivery::start_processing), or becomes an [item](TracedDelivery::item) of a
/// [`MessageBatch`].
///
/// ```no_run
/// use lapin::options::{BasicAckOptions, BasicNackOptions};
/// use tracing_amqp::TracedDelivery;
///
/// # async fn send(_: &[u8]) -> std::io::Result<()> { Ok(()) }
/// # async fn handle(delivery: TracedDelivery) -> Result<(), std::io::Error> {
/// delivery
///     .process(|delivery| async move {
///         let sent = send(&delivery.data).await;
///         let settled = match &sent {
///             Ok(()) => delivery.ack(BasicAckOptions::default()).await,
///             Err(_) => delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await,
///         };
///         sent.and(settled.map(drop).map_err(std::io::Error::other))
///     })
///     .await
/// # }
/// ```
#[derive(Debug)]
pub struct TracedDelivery {
    delivery: Delivery,
    source: Arc<Source>,
    origin: Origin,
    /// The name of the destination in spans, if it is not the queue.
    name: Option<Box<str>>,
}

impl TracedDelivery {
    pub(crate) fn new(delivery: Delivery, source: Arc<Source>) -> Self {
        let origin = source.origin(&delivery);
        let queue = source.queue.as_str();
        let name = destination::delivered(delivery.exchange.as_str(), delivery.routing_key.as_str(), queue);
        let name = destination::other_than(name, queue);
        Self { delivery, source, origin, name }
    }

    /// Returns the size of the body as spans show it, if the settings ask for it.
    pub(crate) fn shown_body_size(&self) -> Option<i64> {
        self.source.broker.client().shown_body_size(self.delivery.data.len())
    }

    /// Counts a delivery in the metrics and reads its sender.
    pub(crate) fn receive(delivery: Delivery, source: &Arc<Source>) -> Self {
        let delivery = Self::new(delivery, Arc::clone(source));
        source.broker.client().consumed(DELIVER, delivery.destination(), 1);
        delivery
    }

    /// Returns the sender of the message.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns a context with the sender's span and baggage.
    #[must_use]
    pub fn context(&self) -> Context {
        self.origin.context()
    }

    /// Runs `work` in the context of a `process` span, which ends with it. The span records a panic, and an `Err`
    /// unless it has already recorded that the delivery could not be settled. The outcome of the delivery is in
    /// [`tracing_suite.rabbitmq.message.outcome`](crate::attribute::OUTCOME). If the returned future is dropped, the
    /// span ends then.
    ///
    /// # Errors
    /// Returns the error of `work`.
    pub async fn process<T, E, F>(
        self,
        work: impl FnOnce(ProcessingDelivery) -> F,
    ) -> std::result::Result<T, E>
    where
        E: Error,
        F: Future<Output = std::result::Result<T, E>>,
    {
        let delivery = self.start(false);
        let context = delivery.context().clone();
        let ending = EndOnDrop(delivery.work());
        let outcome = async { work(delivery).await }.in_context(context).await;
        if let Err(error) = &outcome {
            ending.0.ended_with(error);
        }
        outcome
    }

    /// Starts the `process` span of this delivery. It ends when the delivery is acknowledged, returned, rejected or dropped.
    #[must_use]
    pub fn start_processing(self) -> ProcessingDelivery {
        self.start(true)
    }

    fn start(self, ends_when_settled: bool) -> ProcessingDelivery {
        let Self { delivery, source, origin, name } = self;
        ProcessingDelivery::start(delivery, source, origin, name, ends_when_settled)
    }

    /// Acknowledges the delivery, like [`Acker::ack`](lapin::Acker::ack), under a span of type `settle` if the
    /// [settings](crate::Settings::with_settle_spans) enable it.
    ///
    /// # Errors
    /// Returns the errors of [`Acker::ack`](lapin::Acker::ack).
    pub async fn ack(&self, options: BasicAckOptions) -> Result<bool> {
        self.settle(DeliveryOutcome::Ack, self.delivery.ack(options)).await
    }

    /// Returns the delivery to the broker, like [`Acker::nack`](lapin::Acker::nack), under a span as in
    /// [`ack`](TracedDelivery::ack).
    ///
    /// # Errors
    /// Returns the errors of [`Acker::nack`](lapin::Acker::nack).
    pub async fn nack(&self, options: BasicNackOptions) -> Result<bool> {
        self.settle(DeliveryOutcome::of_nack(options), self.delivery.nack(options)).await
    }

    /// Rejects the delivery, like [`Acker::reject`](lapin::Acker::reject), under a span as in
    /// [`ack`](TracedDelivery::ack).
    ///
    /// # Errors
    /// Returns the errors of [`Acker::reject`](lapin::Acker::reject).
    pub async fn reject(&self, options: BasicRejectOptions) -> Result<bool> {
        self.settle(DeliveryOutcome::of_reject(options), self.delivery.reject(options)).await
    }

    /// Adds the message to a batch: adds a FollowsFrom link to its sender and increases the count.
    pub fn add_to(&self, batch: &mut MessageBatch) {
        batch.add(&self.origin, self.delivery.data.len());
    }

    /// Starts the work on the message as an item of `batch`. If the item gets a span, the span has the message's routing key,
    /// delivery tag and ids, and its size if the settings ask for it.
    ///
    /// ```no_run
    /// use tracing_amqp::{TracedConsumer, TracedDelivery};
    ///
    /// # fn store(_: &[u8]) -> std::io::Result<()> { Ok(()) }
    /// # fn work(consumer: &TracedConsumer, deliveries: &[TracedDelivery]) {
    /// let mut batch = consumer.batch();
    /// for delivery in deliveries {
    ///     delivery.add_to(&mut batch);
    /// }
    /// for delivery in deliveries {
    ///     let item = delivery.item(&batch);
    ///     match store(&delivery.data) {
    ///         Ok(()) => item.processed(),
    ///         Err(error) => item.failed(&error),
    ///     }
    /// }
    /// batch.end();
    /// # }
    /// ```
    pub fn item(&self, batch: &MessageBatch) -> BatchItem {
        let mut item = batch.item(&self.origin);
        let (routing_key, tag) = (self.delivery.routing_key.clone(), self.delivery.delivery_tag);
        let (size, ids) = (self.shown_body_size(), ids(&self.delivery.properties));
        item.describe(move |span| {
            record_message(routing_key.as_str(), size, &ids, span);
            span.set(DELIVERY_TAG, int(tag));
        });
        item
    }

    async fn settle(
        &self,
        outcome: DeliveryOutcome,
        settling: impl Future<Output = Result<bool>>,
    ) -> Result<bool> {
        let context = Context::current();
        settlement::trace(&self.source, &self.delivery, self.name.as_deref(), outcome, &context, settling)
            .await
    }

    /// Returns the properties for publishing the message again, to a queue for retries or for dead letters: its own
    /// properties, with the number of the next attempt and the first sender in the headers.
    #[must_use]
    pub fn properties_for_retry(&self) -> BasicProperties {
        properties_for_retry(&self.delivery, &self.origin)
    }

    pub(crate) fn destination(&self) -> Destination<'_> {
        self.source.destination(self.name.as_deref())
    }

    /// Returns the bare delivery.
    #[must_use]
    pub fn into_inner(self) -> Delivery {
        self.delivery
    }
}

impl Broker {
    /// Reads the sender of a delivery from `queue` that was not received through a [`TracedChannel`](crate::TracedChannel).
    #[must_use]
    pub fn delivery(&self, delivery: Delivery, queue: &str) -> TracedDelivery {
        TracedDelivery::new(delivery, Source::new(self, cut(queue).into(), false))
    }
}

impl Deref for TracedDelivery {
    type Target = Delivery;

    fn deref(&self) -> &Delivery {
        &self.delivery
    }
}

impl DerefMut for TracedDelivery {
    fn deref_mut(&mut self) -> &mut Delivery {
        &mut self.delivery
    }
}
