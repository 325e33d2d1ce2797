//! The client for requests with replies.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lapin::options::{BasicConsumeOptions, BasicPublishOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Confirmation, Consumer};
use opentelemetry::Context;
use tracing_core_lite::messaging::attribute::CONVERSATION_ID;
use tracing_core_lite::messaging::{InFlight, MessagingOperation, OperationType};

use super::error::RpcError;
use super::waiting::{Replies, Waiting};
use crate::channel::TracedChannel;
use crate::consumer::{Source, TracedDelivery};
use crate::publisher::TracedConfirm;
use crate::record::attribute::DELIVERY_TAG;
use crate::record::{Pending, destination, int};

/// The pseudo-queue of direct replies (RabbitMQ's guide "Direct Reply-to").
const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// Sends requests and waits for their replies, through RabbitMQ's direct reply-to (`amq.rabbitmq.reply-to`).
///
/// A request and its reply are one trace. The request has a `publish` span. Below it are a `receive` span that lasts until the
/// reply arrives, with a FollowsFrom link to the span that published the reply, and the spans of the server (see
/// [`ProcessingDelivery::reply`](crate::ProcessingDelivery::reply)).
///
/// Cloning it is cheap. Clones share one consumer. A channel can have only one client.
///
/// ```no_run
/// use std::time::Duration;
/// use lapin::BasicProperties;
/// use lapin::options::BasicPublishOptions;
/// use tracing_amqp::{RpcClient, TracedChannel};
///
/// # async fn ask(channel: TracedChannel) -> Result<(), Box<dyn std::error::Error>> {
/// let prices = RpcClient::new(channel).await?;
/// let options = BasicPublishOptions { mandatory: true, ..Default::default() };
/// let asking = prices.call("".into(), "prices".into(), options, b"4711", BasicProperties::default());
/// let reply = tokio::time::timeout(Duration::from_secs(2), asking).await??;
/// assert_eq!(reply.data, b"12.50");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RpcClient(Arc<Inner>);

struct Inner {
    channel: TracedChannel,
    waiting: Waiting,
    /// Distinguishes the requests of this client from those of others.
    id: u64,
    requests: AtomicU64,
    /// Kept because dropping it cancels it.
    _consumer: Consumer,
}

impl RpcClient {
    /// Starts consuming replies on `channel`.
    ///
    /// # Errors
    /// Returns the errors of [`Channel::basic_consume`](lapin::Channel::basic_consume).
    pub async fn new(channel: TracedChannel) -> lapin::Result<Self> {
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let tag = ShortString::default();
        let consuming = channel.inner().basic_consume(REPLY_TO.into(), tag, options, FieldTable::default());
        let consumer = consuming.await?;
        let waiting = Waiting::default();
        let source = Source::new(channel.broker(), REPLY_TO.into(), true);
        consumer.set_delegate(Replies { waiting: waiting.clone(), source });
        let id = RandomState::new().hash_one(channel.inner().id());
        let requests = AtomicU64::new(0);
        Ok(Self(Arc::new(Inner { channel, waiting, id, requests, _consumer: consumer })))
    }

    /// Publishes a request and waits for the reply with its `correlation_id`, which is generated if `properties` have
    /// none. There is no timeout. Drop the future to cancel the call.
    ///
    /// # Errors
    /// Returns an [`RpcError`]. Without publisher confirms, a call whose request the broker refuses waits forever.
    pub async fn call(
        &self,
        exchange: ShortString,
        routing_key: ShortString,
        options: BasicPublishOptions,
        payload: &[u8],
        properties: BasicProperties,
    ) -> Result<TracedDelivery, RpcError> {
        let Inner { channel, waiting, .. } = &*self.0;
        let id = properties.correlation_id().clone().unwrap_or_else(|| self.next_id());
        let properties = properties.with_reply_to(REPLY_TO.into()).with_correlation_id(id.clone());
        let entry = waiting.enter(id.clone());

        let caller = Context::current();
        let (key, size) = (routing_key.as_str(), payload.len());
        let (publishing, properties) =
            channel.broker().publish_in(&caller, exchange.as_str(), key, size, properties);
        let receiving = Pending::new(self.start_receiving(&publishing.in_context(&caller), &id));

        let sending = channel.send(publishing, exchange, routing_key, options, payload, properties);
        let reply = async {
            check(sending.await?).await?;
            entry.reply().await
        };
        let reply = reply.await;
        if let Some(in_flight) = &mut receiving.done() {
            record(in_flight, &reply);
        }
        reply
    }

    fn next_id(&self) -> ShortString {
        let Inner { id, requests, .. } = &*self.0;
        format!("{id:016x}-{}", requests.fetch_add(1, Ordering::Relaxed)).into()
    }

    fn start_receiving(&self, request: &Context, id: &ShortString) -> InFlight {
        let broker = self.0.channel.broker();
        let destination = destination::with_queue(REPLY_TO, REPLY_TO);
        let operation = MessagingOperation::new(OperationType::Receive, destination);
        broker.client().start(&operation, request, |span| {
            span.set(CONVERSATION_ID, id.as_str());
        })
    }
}

/// Returns whether the broker accepted the request.
async fn check(confirm: TracedConfirm) -> Result<(), RpcError> {
    match confirm.await? {
        Confirmation::Ack(None) | Confirmation::NotRequested => Ok(()),
        Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)) => {
            Err(RpcError::Returned(Box::new(returned)))
        }
        Confirmation::Nack(None) => Err(RpcError::Nack),
    }
}

fn record(in_flight: &mut InFlight, reply: &Result<TracedDelivery, RpcError>) {
    match reply {
        Ok(reply) => {
            in_flight.message_count(1);
            in_flight.record(|span| {
                if let Some(sender) = reply.origin().span_context() {
                    span.add_follows_from(sender);
                }
                span.set(DELIVERY_TAG, int(reply.delivery_tag));
            });
        }
        Err(error) => in_flight.record_error_as(error.class(), error),
    }
}

impl fmt::Debug for RpcClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RpcClient").field(&self.0.channel).finish()
    }
}
