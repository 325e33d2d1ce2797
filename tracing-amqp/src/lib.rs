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
//! let uri = "amqp://rabbitmq/%2f";
//! let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
//! let channel = Broker::at(uri, Settings::new()).channel(connection.create_channel().await?);
//! channel.inner().confirm_select(ConfirmSelectOptions::default()).await?;
//!
//! // `publish orders:created`, until the broker confirms.
//! let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
//! channel.basic_publish("orders".into(), "created".into(), options, b"{}", properties).await?.await?;
//!
//! // `process orders:created:email`, until the work ends.
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
//! | call | span | ends |
//! |---|---|---|
//! | [`TracedChannel::basic_publish`] | `publish {destination}`, kind producer | when the broker answers, see [`TracedConfirm`]; without confirms, when the message is written |
//! | [`TracedDelivery::process`] | `process {destination}`, kind consumer | with the work, or when its future is dropped |
//! | [`TracedDelivery::start_processing`] | the same | on ack, nack, reject or drop |
//! | [`TracedConsumer::batch`] | `process {queue}`, kind consumer | when the [`MessageBatch`] is dropped |
//! | [`TracedChannel::basic_get`] | `get {queue}`, kind client | with the answer |
//! | [`RpcClient::call`] | `publish {destination}`, and below it `receive {server}` | with the confirm; with the reply |
//! | acknowledgements, with [`Settings::with_settle_spans`] | `ack`, `nack`, `reject`, kind client | when they are written |
//!
//! # Destinations
//! The destination of a publish is `{exchange}:{routing key}`, or whichever of them is not empty, or `amq.default`.
//! That of a delivery is `{exchange}:{routing key}:{queue}` without empty parts, and without the queue if the routing
//! key is its name (semantic conventions 1.44 for RabbitMQ). [`Settings::with_filter`] and
//! [`Settings::with_destination_template`] receive these names, and for `basic_get` and batches the name of the queue.
//! Span names omit names that the broker generates (`amq.gen-…`, `amq.rabbitmq.reply-to…`), and are cut at 288 bytes.
//! `messaging.destination.name` is complete. If routing keys contain ids, use a template.
//!
//! # How a delivery relates to its sender
//! By default, the span of a delivery is a child of the sender's span, with a FollowsFrom link to it. The [core's
//! module](tracing_core_lite::messaging) has a picture. The number of the attempt comes from `x-death` and
//! [`TracedDelivery::properties_for_retry`].
//!
//! # Behavior in case of errors
//! - Headers from peers are untrusted. Malformed ones are ignored.
//! - The wrapped calls behave like the bare calls, except that they replace the headers of trace context.
//! - With lapin's automatic recovery, each call is still one span. Calls that lapin then rejects have failed. A
//!   delivery that could not be acknowledged has the outcome `dropped`, and the broker delivers it again.
//! - Acknowledgements by `Channel::basic_ack` or the bare `Acker` are not traced, and neither are the other deliveries
//!   that a call with `multiple` settles: see [`DeliveryOutcome::Dropped`].
//! - A panic in [`TracedDelivery::process`] is an error with the `error.type` `panic`.
//!
//! # Features
//! lapin is used without a runtime and without TLS. Your own dependency on it selects them. `metrics` adds
//! [`Settings`]`::with_metrics`, the metrics of messaging clients. `full` is the same. By default, neither is enabled.

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
    DeliveryOutcome, ProcessingDelivery, TracedConsumer, TracedDelegate, TracedDelivery, TracedDeliveryResult,
};
/// The wrapped client.
pub use lapin;
pub use publisher::TracedConfirm;
pub use record::attribute;
pub use rpc::{RpcClient, RpcError};
/// The core that records spans.
pub use tracing_core_lite;
pub use tracing_core_lite::messaging::{
    ATTEMPT, Attempt, BatchItem, FIRST_TRACEPARENT, InFlight, MessageBatch, MessageView, Origin, Peer,
    Relation, Settings,
};

/// Helpers for tests of the workspace's crates. Not covered by semver.
#[doc(hidden)]
pub mod layer_support {
    pub use crate::record::error_class::of_error as error_class;
}

/// The examples of the README, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
