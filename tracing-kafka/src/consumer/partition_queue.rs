//! Separate queues for the messages of one partition.

use std::fmt;

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::stream_consumer::StreamPartitionQueue;
use rdkafka::consumer::{ConsumerContext, DefaultConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use rdkafka::util::{DefaultRuntime, Timeout};

use super::{Received, Receiver, TracedMessageStream};

/// A [`PartitionQueue`] that returns messages with the context of their senders, from
/// [`split_partition_queue`](super::TracedBaseConsumer::split_partition_queue).
pub struct TracedPartitionQueue<C: ConsumerContext = DefaultConsumerContext> {
    pub(super) inner: PartitionQueue<C>,
    pub(super) receiver: Receiver,
}

impl<C: ConsumerContext> TracedPartitionQueue<C> {
    /// Polls for a message, like [`PartitionQueue::poll`].
    ///
    /// # Errors
    /// Returns the errors of the bare queue.
    pub fn poll<T: Into<Timeout>>(&self, timeout: T) -> Option<KafkaResult<Received<BorrowedMessage<'_>>>> {
        let message = self.inner.poll(timeout)?;
        Some(message.map(|message| self.receiver.receive::<_, C>(message, None)))
    }

    /// Sets a callback, like [`PartitionQueue::set_nonempty_callback`].
    pub fn set_nonempty_callback<F: Fn() + Send + Sync + 'static>(&mut self, callback: F) {
        self.inner.set_nonempty_callback(callback);
    }
}

/// A [`StreamPartitionQueue`] that returns messages with the context of their senders, from
/// [`split_partition_queue`](super::TracedStreamConsumer::split_partition_queue).
#[must_use = "only this queue receives the messages of the partition"]
pub struct TracedStreamPartitionQueue<C = DefaultConsumerContext, R = DefaultRuntime>
where
    C: ConsumerContext,
{
    pub(super) inner: StreamPartitionQueue<C, R>,
    pub(super) receiver: Receiver,
}

impl<C: ConsumerContext, R> TracedStreamPartitionQueue<C, R> {
    /// Receives a message, like [`StreamPartitionQueue::recv`]. It is equally cancel-safe.
    ///
    /// # Errors
    /// Returns the errors of the bare queue.
    pub async fn recv(&self) -> KafkaResult<Received<BorrowedMessage<'_>>> {
        self.inner.recv().await.map(|message| self.receiver.receive::<_, C>(message, None))
    }

    /// Returns the stream of messages, like [`StreamPartitionQueue::stream`].
    pub fn stream(&self) -> TracedMessageStream<'_, C> {
        TracedMessageStream { inner: self.inner.stream(), receiver: &self.receiver, kafka: None }
    }
}

impl<C: ConsumerContext> fmt::Debug for TracedPartitionQueue<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedPartitionQueue").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}

impl<C: ConsumerContext, R> fmt::Debug for TracedStreamPartitionQueue<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedStreamPartitionQueue").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}
