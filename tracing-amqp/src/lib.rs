//! Spans and trace context for AMQP 0-9-1: wrappers for the channels and consumers of lapin.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
//! use lapin::types::FieldTable;
//! use lapin::{BasicProperties, Connection, ConnectionProperties};
//! use tracing_amqp::{Broker, Settings};
//!
//! # async fn send(_: &[u8]) {}
//! # async fn orders() -> lapin::Result<()> {
//! let uri = "amqp://broker.internal/%2f";
//! let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
//! let channel = Broker::at(uri, Settings::new()).channel(connection.create_channel().await?);
//! channel.inner().confirm_select(ConfirmSelectOptions::default()).await?;
//!
//! // `publish orders:created`, until the broker has confirmed.
//! let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
//! channel.basic_publish("orders".into(), "created".into(), options, b"{}", properties).await?.await?;
//!
//! // `process orders:created:email`, until the work is done.
//! let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
//! let mut consumer = channel.basic_consume("email".into(), "".into(), options, arguments).await?;
//! while let Some(delivery) = consumer.next().await {
//!     let work = delivery?.process(|delivery| async move {
//!         send(&delivery.data).await;
//!         delivery.ack(BasicAckOptions::default()).await
//!     });
//!     work.await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | what | span | ends |
//! |---|---|---|
//! | [`TracedChannel::basic_publish`] | `publish {destination}`, kind producer | with the [`TracedConfirm`]; without confirms when the message is written |
//! | [`TracedDelivery::process`] | `process {destination}`, kind consumer | with the work, or when its future is dropped |
//! | [`TracedDelivery::start_processing`] | the same | on ack, nack, reject or drop |
//! | [`TracedConsumer::batch`] | `process {queue}`, kind consumer | when the [`Batch`] is dropped |
//! | [`TracedChannel::basic_get`] | `get {queue}`, kind client | with the answer |
//! | [`RpcClient::call`] | `publish {destination}`, and below it `receive {server}` | with the confirm; with the reply |
//! | acknowledgements, by [`Settings::settle_spans`] | `ack`, `nack`, `reject`, kind client | when they are written |
//!
//! # Destinations
//! A publish goes to `{exchange}:{routing key}`, or to the one of them that is not empty, or to `amq.default`. A delivery is from
//! `{exchange}:{routing key}:{queue}`, without what is empty, and without the queue where the routing key is its name (semantic
//! conventions 1.44 for RabbitMQ). [`Settings::filter`] and [`Settings::destination_template`] are asked with these names;
//! `basic_get` and batches with the queue's. Names that the broker makes (`amq.gen-…`, `amq.rabbitmq.reply-to…`) are in no span's
//! name. Names of spans are cut at 288 bytes, since an exchange, a routing key and a queue can be 767 together;
//! `messaging.destination.name` is not. Where routing keys hold ids, give them a template.
//!
//! # How a delivery relates to its sender
//! By default its span is a child of the sender's, with a FollowsFrom link to it;
//! [the core's module](tracing_core_lite::messaging) has a picture. `x-death` and [`TracedDelivery::properties_for_retry`] tell
//! the number of the attempt.
//!
//! # What can go wrong
//! - Nothing that a stranger writes into headers harms: what cannot be read is as if it were not there.
//! - The wrapped calls do what the bare ones do. The one difference is headers: those of trace context are replaced.
//! - With lapin's automatic recovery each call is still one span. What lapin rejects then has failed; a delivery that could
//!   not be acknowledged any more has the outcome `dropped`, and comes again.
//! - Settlements by `Channel::basic_ack` or the bare `Acker` are not seen, nor which other deliveries one with `multiple`
//!   settles: see [`Outcome::Dropped`].
//!
//! # Features
//! lapin comes without a runtime and without TLS: your own dependency on it chooses them. `metrics`: the metrics of the
//! conventions, by [`Settings`]`::with_metrics` or `with_meter`; `full`. None by default.

mod channel;
mod config;
mod consumer;
mod headers;
mod publisher;
mod record;
mod rpc;

pub use channel::{TracedChannel, TracedGetMessage};
pub use config::Broker;
pub use consumer::{
    Outcome, ProcessingDelivery, TracedConsumer, TracedDelegate, TracedDelivery, TracedDeliveryResult,
};
/// The client that is wrapped.
pub use lapin;
pub use publisher::TracedConfirm;
pub use record::attribute;
pub use rpc::{RpcClient, RpcError};
/// The core that spans are recorded with.
pub use tracing_core_lite;
pub use tracing_core_lite::messaging::{
    ATTEMPT, Attempt, Batch, FIRST_TRACEPARENT, InFlight, Item, MessageView, Origin, Peer, Relation, Settings,
};

/// What tests across the crates of the workspace need. Outside semver.
#[doc(hidden)]
pub mod layer_support {
    pub use crate::error_class::of_error as error_class;
}
