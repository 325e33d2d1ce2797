//! The stream of a consumer's messages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use rdkafka::client::Client;
use rdkafka::consumer::{ConsumerContext, MessageStream};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;

use super::{Received, Receiver};

/// The messages of a [`TracedStreamConsumer`](super::TracedStreamConsumer) or of one of its partitions.
#[must_use = "streams do nothing unless polled"]
pub struct TracedMessageStream<'a, C: ConsumerContext> {
    pub(super) inner: MessageStream<'a, C>,
    pub(super) receiver: &'a Receiver,
    /// `None` for the messages of one partition, whose queue has no access to its client.
    pub(super) kafka: Option<&'a Client<C>>,
}

impl<'a, C: ConsumerContext> Stream for TracedMessageStream<'a, C> {
    type Item = KafkaResult<Received<BorrowedMessage<'a>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (receiver, kafka) = (self.receiver, self.kafka);
        let message = Pin::new(&mut self.inner).poll_next(context);
        message.map(|next| next.map(|message| message.map(|message| receiver.receive(message, kafka))))
    }
}

impl<C: ConsumerContext> fmt::Debug for TracedMessageStream<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedMessageStream").finish_non_exhaustive()
    }
}
