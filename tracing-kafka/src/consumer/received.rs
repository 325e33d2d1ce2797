//! A message with the context of its sender.

use std::error::Error;
use std::ops::Deref;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::Context;
use rdkafka::message::{BorrowedMessage, OwnedHeaders, OwnedMessage};
use tracing_core_lite::messaging::attribute::{AGE, DESTINATION_PARTITION};
use tracing_core_lite::messaging::{
    BatchItem, Client, Destination, MessageBatch, MessageView, MessagingOperation, OperationType, Origin,
    Processing,
};

use crate::headers::{self, CarrierMessage, Incoming, Outgoing};
use crate::record::attribute::OFFSET;
use crate::record::{ClusterId, record_message};

/// A message with the context of its sender. It dereferences to the message.
///
/// Receiving a message creates no span, but processing it does: see [`process`](Received::process) and
/// [`start_processing`](Received::start_processing). Kafka does not report redeliveries. If a consumer ends before it
/// commits, the spans of both deliveries have the same partition, the same offset, and a link to the same sender.
#[derive(Debug)]
pub struct Received<M> {
    message: M,
    origin: Origin,
    client: Client,
    cluster_id: ClusterId,
}

impl<M: CarrierMessage> Received<M> {
    pub(super) fn new(client: &Client, cluster_id: &ClusterId, message: M) -> Self {
        let origin = client.extract_from(message.topic(), &Incoming(message.borrowed_headers()));
        Self { message, origin, client: client.clone(), cluster_id: cluster_id.clone() }
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

    /// Returns the message.
    #[must_use]
    pub fn message(&self) -> &M {
        &self.message
    }

    /// Returns the message without its origin.
    #[must_use]
    pub fn into_message(self) -> M {
        self.message
    }

    /// Returns the value of the last header with this name. Unlike rdkafka's [`Headers`](rdkafka::message::Headers), this does
    /// not panic if the name of a header is not UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        headers::last(self.message.borrowed_headers()?, name)
    }

    /// Runs the future that `work` returns in the context of a `process` span. The span records an `Err` and a panic.
    /// If the returned future is dropped, the span ends then.
    ///
    /// ```no_run
    /// # use tracing_kafka::TracedStreamConsumer;
    /// # use rdkafka::Message;
    /// # async fn store(_: Option<&[u8]>) -> Result<(), std::io::Error> { Ok(()) }
    /// # async fn run(consumer: &TracedStreamConsumer) -> Result<(), Box<dyn std::error::Error>> {
    /// let message = consumer.recv().await?;
    /// message.process(|message| async move { store(message.payload()).await }).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns the error of `work`.
    pub async fn process<'a, T, E, F>(&'a self, work: impl FnOnce(&'a Self) -> F) -> Result<T, E>
    where
        E: Error,
        F: Future<Output = Result<T, E>>,
    {
        let processing = self.start_processing();
        processing.run(async { work(self).await }).await
    }

    /// Starts the `process` span, for work that is not a single future. It ends when the returned guard is dropped.
    pub fn start_processing(&self) -> Processing {
        let destination =
            Destination::new(self.message.topic()).with_partition(Some(self.message.partition()));
        let operation = MessagingOperation::new(OperationType::Process, destination);
        self.client.process(&operation, &self.origin, |span| {
            let incoming = Incoming(self.message.borrowed_headers());
            let view = MessageView::new(self.message.topic(), self.body_size(), &incoming)
                .with_key(self.message.key());
            record_message(&self.client, &view, self.message.payload().is_none(), span);
            span.set(OFFSET, self.message.offset());
            self.cluster_id.record(span);
            span.set_some(AGE, self.age().map(|age| age.as_secs_f64()));
            self.client.on_process(&view, span);
        })
    }

    /// Adds the message to a batch: adds a FollowsFrom link to its sender and increases the count.
    pub fn add_to(&self, batch: &mut MessageBatch) {
        batch.add(&self.origin, self.body_size());
    }

    /// Starts the work on the message as an item of `batch`. If the item gets a span, the span has the message's partition and
    /// offset.
    pub fn item(&self, batch: &MessageBatch) -> BatchItem {
        let (partition, offset) = (self.message.partition(), self.message.offset());
        let mut item = batch.item(&self.origin);
        item.describe(move |span| {
            span.set(DESTINATION_PARTITION, partition.to_string().as_str()).set(OFFSET, offset);
        });
        item
    }

    /// Returns the headers for publishing the message again, to a retry topic or a dead-letter topic: its own headers,
    /// with the number of the attempt ([`x-attempt`](tracing_core_lite::messaging::ATTEMPT)) and the first sender
    /// ([`x-first-traceparent`](tracing_core_lite::messaging::FIRST_TRACEPARENT)).
    ///
    /// If the failed work sends the message with a traced producer, its `send` span is below the span of this attempt.
    /// The span of the next attempt links to that `send` span and to the first sender.
    #[must_use]
    pub fn retry_headers(&self) -> OwnedHeaders {
        let mut headers = Outgoing(self.message.borrowed_headers().map(|headers| headers.detach()));
        self.origin.next_attempt().inject(&mut headers);
        headers.0.unwrap_or_default()
    }

    fn body_size(&self) -> usize {
        self.message.payload().map_or(0, <[u8]>::len)
    }

    /// Returns the time since the message's timestamp, or `None` if the timestamp is in the future.
    fn age(&self) -> Option<Duration> {
        age(self.message.timestamp().to_millis()?, SystemTime::now())
    }
}

/// Returns the time from `timestamp`, in milliseconds, to `now`.
fn age(timestamp: i64, now: SystemTime) -> Option<Duration> {
    let sent = UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(timestamp).ok()?))?;
    now.duration_since(sent).ok()
}

impl Received<BorrowedMessage<'_>> {
    /// Returns a copy that does not borrow the consumer, for work in another task.
    #[must_use]
    pub fn detach(&self) -> Received<OwnedMessage> {
        Received {
            message: self.message.detach(),
            origin: self.origin.clone(),
            client: self.client.clone(),
            cluster_id: self.cluster_id.clone(),
        }
    }
}

impl<M> Deref for Received<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let now = UNIX_EPOCH + Duration::from_millis(1500);
        for (timestamp, expected) in [
            (1000, Some(Duration::from_millis(500))),
            (1500, Some(Duration::ZERO)),
            (1501, None),
            (-1, None),
            (i64::MAX, None),
        ] {
            assert_eq!(age(timestamp, now), expected, "{timestamp}");
        }
    }
}
