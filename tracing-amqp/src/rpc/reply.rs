//! Replies to requests.

use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Result};

use crate::channel::TracedChannel;
use crate::consumer::ProcessingDelivery;
use crate::publisher::TracedConfirm;

impl ProcessingDelivery {
    /// Answers a request: publishes `payload` to the message's `reply_to`, with its `correlation_id` unless
    /// `properties` have one, under a span below that of this delivery. Returns `None` if the message has no
    /// `reply_to`.
    ///
    /// The peer chose the destination, so it is treated as temporary: it is in the span's attributes, but not in the
    /// span's name or in the metrics.
    ///
    /// # Errors
    /// Returns the errors of [`Channel::basic_publish`](lapin::Channel::basic_publish).
    pub async fn reply(
        &self,
        channel: &TracedChannel,
        options: BasicPublishOptions,
        payload: &[u8],
        mut properties: BasicProperties,
    ) -> Result<Option<TracedConfirm>> {
        let Some(reply_to) = self.properties.reply_to() else { return Ok(None) };
        if let (None, Some(id)) = (properties.correlation_id(), self.properties.correlation_id()) {
            properties = properties.with_correlation_id(id.clone());
        }
        let broker = channel.broker();
        let (in_flight, properties) =
            broker.reply_in(&self.context_for_calls(), reply_to.as_str(), payload.len(), properties);
        let (exchange, reply_to) = (ShortString::default(), reply_to.clone());
        channel.send(in_flight, exchange, reply_to, options, payload, properties).await.map(Some)
    }
}
