//! A delivery that knows where it came from.

use std::error::Error;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use lapin::{BasicProperties, Result};
use opentelemetry::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::{Destination, Origin};

use super::processing::ProcessingDelivery;
use super::retry::properties_for_retry;
use super::settlement::{self, Outcome};
use super::source::Source;
use super::work::EndOnDrop;
use crate::config::Broker;
use crate::record::{cut, destination};

/// `messaging.operation.name` under which deliveries are counted.
const DELIVER: &str = "deliver";

/// A [`Delivery`] together with where it came from. It has no span yet: [`process`](TracedDelivery::process) it,
/// [start processing](TracedDelivery::start_processing) it, or add it to a [`Batch`](crate::Batch).
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
    /// What spans call the destination, where that is not the queue.
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

    /// Counts a delivery in the metrics, and reads where it came from.
    pub(crate) fn receive(delivery: Delivery, source: &Arc<Source>) -> Self {
        let delivery = Self::new(delivery, Arc::clone(source));
        source.broker.client().consumed(DELIVER, delivery.destination(), 1);
        delivery
    }

    /// Who sent the message.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A context with the sender's span and baggage.
    #[must_use]
    pub fn context(&self) -> Context {
        self.origin.context()
    }

    /// Runs `work` in the context of a `process` span, which ends with it. An `Err` is the span's failure, unless the delivery
    /// could not be settled: that failure stays. What became of the delivery is in
    /// [`messaging.rabbitmq.message.outcome`](crate::attribute::OUTCOME). When the returned future is dropped, the span ends at
    /// that moment.
    ///
    /// # Errors
    /// That of `work`.
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

    /// Starts the `process` span of this delivery. It ends when the delivery is acknowledged, given back, rejected, or
    /// dropped.
    #[must_use]
    pub fn start_processing(self) -> ProcessingDelivery {
        self.start(true)
    }

    fn start(self, ends_when_settled: bool) -> ProcessingDelivery {
        let Self { delivery, source, origin, name } = self;
        ProcessingDelivery::start(delivery, source, origin, name, ends_when_settled)
    }

    /// Acknowledges the delivery, as [`Acker::ack`](lapin::Acker::ack) does; with a span of type `settle` where
    /// [settings](crate::Settings::settle_spans) ask for one.
    ///
    /// # Errors
    /// Those of [`Acker::ack`](lapin::Acker::ack).
    pub async fn ack(&self, options: BasicAckOptions) -> Result<bool> {
        self.settle(Outcome::Ack, self.delivery.ack(options)).await
    }

    /// Gives the delivery back, as [`Acker::nack`](lapin::Acker::nack) does; with a span as [`ack`](TracedDelivery::ack).
    ///
    /// # Errors
    /// Those of [`Acker::nack`](lapin::Acker::nack).
    pub async fn nack(&self, options: BasicNackOptions) -> Result<bool> {
        self.settle(Outcome::of_nack(options), self.delivery.nack(options)).await
    }

    /// Rejects the delivery, as [`Acker::reject`](lapin::Acker::reject) does; with a span as [`ack`](TracedDelivery::ack).
    ///
    /// # Errors
    /// Those of [`Acker::reject`](lapin::Acker::reject).
    pub async fn reject(&self, options: BasicRejectOptions) -> Result<bool> {
        self.settle(Outcome::of_reject(options), self.delivery.reject(options)).await
    }

    async fn settle(&self, outcome: Outcome, settling: impl Future<Output = Result<bool>>) -> Result<bool> {
        let context = Context::current();
        settlement::trace(&self.source, &self.delivery, self.name.as_deref(), outcome, &context, settling)
            .await
    }

    /// The properties to publish the message again with, to a queue for retries or for dead letters: those that it came with,
    /// and the number of the next attempt and the first sender in the headers.
    #[must_use]
    pub fn properties_for_retry(&self) -> BasicProperties {
        properties_for_retry(&self.delivery, &self.origin)
    }

    pub(crate) fn destination(&self) -> Destination<'_> {
        self.source.destination(self.name.as_deref())
    }

    /// The bare delivery.
    #[must_use]
    pub fn into_inner(self) -> Delivery {
        self.delivery
    }
}

impl Broker {
    /// Reads where a delivery from `queue` came from, for whoever does not receive through a
    /// [`TracedChannel`](crate::TracedChannel).
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
