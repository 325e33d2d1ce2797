//! Delegates, which consume deliveries one by one.

use std::pin::Pin;
use std::sync::Arc;

use lapin::message::DeliveryResult;
use lapin::{ConsumerDelegate, Result};

use super::delivery::TracedDelivery;
use super::source::Source;

/// The argument of a [`TracedDelegate`]: a delivery, `Ok(None)` when the consumer was cancelled, or an error.
pub type TracedDeliveryResult = Result<Option<TracedDelivery>>;

/// A [`ConsumerDelegate`] of a [`TracedConsumer`](crate::TracedConsumer), implemented for closures that return a future.
///
/// ```no_run
/// use lapin::options::BasicAckOptions;
/// use tracing_amqp::{TracedConsumer, TracedDeliveryResult};
///
/// # async fn send(_: &[u8]) {}
/// # fn start(consumer: &TracedConsumer) {
/// consumer.set_delegate(|delivery: TracedDeliveryResult| async move {
///     let Ok(Some(delivery)) = delivery else { return };
///     let _outcome = delivery
///         .process(|delivery| async move {
///             send(&delivery.data).await;
///             delivery.ack(BasicAckOptions::default()).await
///         })
///         .await;
/// });
/// # }
/// ```
pub trait TracedDelegate: Send + Sync {
    /// Called for each delivery, cancellation or error. See [`ConsumerDelegate::on_new_delivery`].
    fn on_new_delivery(&self, delivery: TracedDeliveryResult) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Called when prefetched deliveries must be discarded. See [`ConsumerDelegate::drop_prefetched_messages`].
    fn drop_prefetched_messages(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

impl<D, F> TracedDelegate for D
where
    D: Fn(TracedDeliveryResult) -> F + Send + Sync,
    F: Future<Output = ()> + Send + 'static,
{
    fn on_new_delivery(&self, delivery: TracedDeliveryResult) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self(delivery))
    }
}

/// The bare delegate that calls a traced one.
pub(crate) struct Forward<D> {
    pub(crate) delegate: D,
    pub(crate) source: Arc<Source>,
}

impl<D: TracedDelegate> ConsumerDelegate for Forward<D> {
    fn on_new_delivery(&self, delivery: DeliveryResult) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let delivery =
            delivery.map(|delivery| delivery.map(|delivery| TracedDelivery::receive(delivery, &self.source)));
        self.delegate.on_new_delivery(delivery)
    }

    fn drop_prefetched_messages(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.delegate.drop_prefetched_messages()
    }
}
