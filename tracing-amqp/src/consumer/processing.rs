//! A delivery that is being processed.

use std::error::Error;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use lapin::{BasicProperties, Result};
use opentelemetry::Context;
use tracing_core_lite::context::StoredContext;
use tracing_core_lite::messaging::attribute::AGE;
use tracing_core_lite::messaging::{Client, MessageView, MessagingOperation, OperationType, Origin};
use tracing_core_lite::span::Recorder;

use super::outcome::DeliveryOutcome;
use super::retry::properties_for_retry;
use super::settlement;
use super::source::Source;
use super::work::Work;
use crate::headers::Headers;
use crate::record::attribute::{DELIVERY_TAG, REDELIVERED};
use crate::record::{dead_letter, int, record_message};

/// A [`Delivery`] that is being processed, with its `process` span.
///
/// From [`start_processing`](crate::TracedDelivery::start_processing), the span ends when the delivery is acknowledged,
/// returned, rejected or dropped. Inside [`process`](crate::TracedDelivery::process), it ends with the work. In both cases it
/// has the [outcome](crate::attribute::OUTCOME) of the delivery.
///
/// The spans of acknowledgements and [replies](ProcessingDelivery::reply) are children of the current span if it started
/// within the work on this delivery, and of the `process` span otherwise.
///
/// ```no_run
/// use lapin::options::BasicAckOptions;
/// use tracing_amqp::TracedDelivery;
/// use tracing_core_lite::context::FutureExt;
///
/// # async fn send(_: &[u8]) {}
/// # async fn handle(delivery: TracedDelivery) -> lapin::Result<()> {
/// let delivery = delivery.start_processing();
/// send(&delivery.data).in_context(delivery.context().clone()).await;
/// delivery.ack(BasicAckOptions::default()).await?; // the span ends here
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ProcessingDelivery {
    delivery: Delivery,
    source: Arc<Source>,
    origin: Origin,
    name: Option<Box<str>>,
    context: StoredContext,
    work: Arc<Work>,
    ends_when_settled: bool,
}

impl ProcessingDelivery {
    pub(crate) fn start(
        delivery: Delivery,
        source: Arc<Source>,
        origin: Origin,
        name: Option<Box<str>>,
        ends_when_settled: bool,
    ) -> Self {
        let destination = source.destination(name.as_deref());
        let operation = MessagingOperation::new(OperationType::Process, destination);
        let client = source.broker.client();
        let processing = client.process(&operation, &origin, |span| {
            record(client, &delivery, span);
            let headers = Headers::of(&delivery.properties);
            client.on_process(&MessageView::new(destination.name, delivery.data.len(), &headers), span);
        });
        let context = processing.context().clone();
        let context = Context::map_current(|current| StoredContext::new(context, current));
        let work = Arc::new(Work::new(processing));
        Self { delivery, source, origin, name, context, work, ends_when_settled }
    }

    pub(crate) fn work(&self) -> Arc<Work> {
        Arc::clone(&self.work)
    }

    /// Returns the context to work in. Spans that start in it belong to this message.
    #[must_use]
    pub fn context(&self) -> &Context {
        self.context.context()
    }

    /// Returns the context of a call made now: the current one if it belongs to the work, or else that of the work.
    pub(crate) fn context_for_calls(&self) -> Context {
        self.context.innermost()
    }

    /// Returns the sender of the message.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Runs `write` if the span is recorded and has not ended.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.work.record(write);
    }

    /// Records that the work failed with `error`. See [`Recorder::record_error`].
    pub fn record_error<E: Error + ?Sized>(&self, error: &E) {
        self.work.record_error(error);
    }

    /// Records that the work failed with `error`, with `class` as its `error.type`, in the metrics as well. Use it for
    /// errors whose type is too general. See [`Recorder::record_error_as`].
    pub fn record_error_as<E: Error + ?Sized>(&self, class: &str, error: &E) {
        self.work.record_error_as(class, error);
    }

    /// Acknowledges the delivery, like [`Acker::ack`](lapin::Acker::ack).
    ///
    /// # Errors
    /// Returns the errors of [`Acker::ack`](lapin::Acker::ack).
    pub async fn ack(&self, options: BasicAckOptions) -> Result<bool> {
        self.settle(DeliveryOutcome::Ack, self.delivery.ack(options)).await
    }

    /// Returns the delivery to the broker, like [`Acker::nack`](lapin::Acker::nack).
    ///
    /// # Errors
    /// Returns the errors of [`Acker::nack`](lapin::Acker::nack).
    pub async fn nack(&self, options: BasicNackOptions) -> Result<bool> {
        self.settle(DeliveryOutcome::of_nack(options), self.delivery.nack(options)).await
    }

    /// Rejects the delivery, like [`Acker::reject`](lapin::Acker::reject).
    ///
    /// # Errors
    /// Returns the errors of [`Acker::reject`](lapin::Acker::reject).
    pub async fn reject(&self, options: BasicRejectOptions) -> Result<bool> {
        self.settle(DeliveryOutcome::of_reject(options), self.delivery.reject(options)).await
    }

    async fn settle(
        &self,
        outcome: DeliveryOutcome,
        settling: impl Future<Output = Result<bool>>,
    ) -> Result<bool> {
        let (name, context) = (self.name.as_deref(), self.context.innermost());
        let settled =
            settlement::trace(&self.source, &self.delivery, name, outcome, &context, settling).await;
        match &settled {
            Ok(true) => self.work.settled(outcome, self.ends_when_settled),
            // The delivery was settled before or lost with its channel. Dropping it determines which.
            Ok(false) => {}
            Err(error) => {
                self.work.settlement_failed(error);
                self.work.settled(DeliveryOutcome::Dropped, self.ends_when_settled);
            }
        }
        settled
    }

    /// Returns the properties for publishing the message again. See
    /// [`TracedDelivery::properties_for_retry`](crate::TracedDelivery::properties_for_retry).
    #[must_use]
    pub fn properties_for_retry(&self) -> BasicProperties {
        properties_for_retry(&self.delivery, &self.origin)
    }
}

impl Drop for ProcessingDelivery {
    fn drop(&mut self) {
        let outcome = DeliveryOutcome::of_dropped(&self.delivery.acker, self.source.no_ack);
        self.work.settled(outcome, self.ends_when_settled);
    }
}

fn record(client: &Client, delivery: &Delivery, span: &mut Recorder<'_>) {
    let size = client.shown_body_size(delivery.data.len());
    record_message(delivery.routing_key.as_str(), size, &delivery.properties, span);
    span.set(DELIVERY_TAG, int(delivery.delivery_tag)).set(REDELIVERED, delivery.redelivered);
    if let Some(age) = delivery.properties.timestamp().and_then(age) {
        span.set(AGE, age.as_secs_f64());
    }
    dead_letter::record(Headers::of(&delivery.properties), span);
}

/// Returns the time since an AMQP timestamp in whole seconds, or `None` for a timestamp in the future.
fn age(timestamp: u64) -> Option<Duration> {
    let sent = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(timestamp))?;
    SystemTime::now().duration_since(sent).ok()
}

impl Deref for ProcessingDelivery {
    type Target = Delivery;

    fn deref(&self) -> &Delivery {
        &self.delivery
    }
}

impl DerefMut for ProcessingDelivery {
    fn deref_mut(&mut self) -> &mut Delivery {
        &mut self.delivery
    }
}
