//! The consumer, a stream of deliveries.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use lapin::{Consumer, Result};
use tracing_core_lite::messaging::MessageBatch;

use super::delegate::{Forward, TracedDelegate};
use super::delivery::TracedDelivery;
use super::source::Source;

/// A [`Consumer`] whose deliveries carry the context of their senders.
///
/// Like the bare consumer, it is a stream, or passes deliveries to a [delegate](TracedConsumer::set_delegate). A
/// delivery has no span until it is [processed](TracedDelivery::process). When lapin recovers a lost connection, the
/// stream behaves like that of the bare consumer.
///
/// ```no_run
/// use futures_util::StreamExt;
/// use lapin::options::{BasicAckOptions, BasicConsumeOptions};
/// use lapin::types::FieldTable;
/// use tracing_amqp::TracedChannel;
///
/// # async fn send(_: &[u8]) {}
/// # async fn consume(channel: TracedChannel) -> lapin::Result<()> {
/// let options = BasicConsumeOptions::default();
/// let mut consumer = channel.basic_consume("email".into(), "".into(), options, FieldTable::default()).await?;
/// while let Some(delivery) = consumer.next().await {
///     delivery?
///         .process(|delivery| async move {
///             send(&delivery.data).await;
///             delivery.ack(BasicAckOptions::default()).await
///         })
///         .await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TracedConsumer {
    consumer: Consumer,
    source: Arc<Source>,
}

impl TracedConsumer {
    pub(crate) fn new(consumer: Consumer, source: Arc<Source>) -> Self {
        Self { consumer, source }
    }

    /// Returns the bare consumer.
    #[must_use]
    pub fn inner(&self) -> &Consumer {
        &self.consumer
    }

    /// Passes each delivery to `delegate` in a separate task. See [`Consumer::set_delegate`].
    pub fn set_delegate<D: TracedDelegate + 'static>(&self, delegate: D) {
        self.consumer.set_delegate(Forward { delegate, source: Arc::clone(&self.source) });
    }

    /// Starts the work on several deliveries: one `process` span. See [`MessageBatch`] and [`TracedDelivery::item`].
    #[must_use]
    pub fn batch(&self) -> MessageBatch {
        self.source.broker.batch(self.source.queue.as_str())
    }
}

impl Stream for TracedConsumer {
    type Item = Result<TracedDelivery>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.consumer).poll_next(cx);
        next.map(|delivery| {
            delivery.map(|delivery| delivery.map(|delivery| TracedDelivery::receive(delivery, &self.source)))
        })
    }
}

impl fmt::Debug for TracedConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TracedConsumer").field(&self.consumer).finish()
    }
}
