//! Spans and trace context for Kafka: wrappers for the producers and consumers of rdkafka.
//!
//! | bare client | wrapper | what it does |
//! |---|---|---|
//! | [`FutureProducer`] | [`TracedFutureProducer`] | a `send` span for each message, which ends in the delivery callback |
//! | a `FutureProducer` that exists | [`WrappedFutureProducer`] | the same, except that a task on the runtime ends the span |
//! | [`BaseProducer`] | [`TracedBaseProducer`] | the same as the first, with your own delivery callbacks |
//! | [`ThreadedProducer`] | [`TracedThreadedProducer`] | the same, with a polling thread |
//! | [`StreamConsumer`] | [`TracedStreamConsumer`] | messages with the context of their senders: [`Received`] |
//! | [`BaseConsumer`] | [`TracedBaseConsumer`] | the same, polled by hand |
//!
//! [`FutureProducer`]: rdkafka::producer::FutureProducer
//! [`BaseProducer`]: rdkafka::producer::BaseProducer
//! [`ThreadedProducer`]: rdkafka::producer::ThreadedProducer
//! [`StreamConsumer`]: rdkafka::consumer::StreamConsumer
//! [`BaseConsumer`]: rdkafka::consumer::BaseConsumer
//!
//! Create a wrapper like the bare client, with `config.create()`, or wrap an existing client, with [`Settings`]. It has
//! the calls and results of the bare client. All other functions are rdkafka's own: the traits
//! [`Producer`](rdkafka::producer::Producer) and [`Consumer`](rdkafka::consumer::Consumer), contexts and their
//! callbacks, rebalances, pauses, offsets.
//!
//! ```no_run
//! use std::time::Duration;
//! use rdkafka::consumer::{CommitMode, Consumer};
//! use rdkafka::producer::FutureRecord;
//! use rdkafka::{ClientConfig, Message};
//! use tracing_kafka::{TracedFutureProducer, TracedStreamConsumer};
//!
//! # async fn mail(_: Option<&[u8]>) -> Result<(), std::io::Error> { Ok(()) }
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let config = ClientConfig::new().set("bootstrap.servers", "kafka:9092").set("group.id", "mail").clone();
//!
//! let producer: TracedFutureProducer = config.create()?;
//! let record = FutureRecord::to("orders.created").key("4711").payload("…");
//! producer.send(record, Duration::from_secs(5)).await.map_err(|(error, _message)| error)?;
//!
//! let consumer: TracedStreamConsumer = config.create()?;
//! consumer.subscribe(&["orders.created"])?;
//! let message = consumer.recv().await?;
//! message.process(|message| async move { mail(message.payload()).await }).await?;
//! consumer.commit_message(&message, CommitMode::Async)?;
//! # Ok(())
//! # }
//! ```
//!
//! # How a consumer's span relates to the producer's
//! [`Settings::with_relation`] sets the relation. [`tracing_core_lite::messaging`] has pictures. By default, the span
//! of the work on one message is in the producer's trace, as a child of the producer's span and with a FollowsFrom link
//! to it. A [batch](TracedStreamConsumer::batch) has its own trace, with one link for each message.
//!
//! # What is recorded
//! Spans follow OpenTelemetry's conventions for Kafka, version 1.44 (in development).
//!
//! | span | kind | ends | attributes besides `messaging.system`, `.operation.*`, `.destination.name`, `.client.id`, `messaging.kafka.cluster.id`, `server.*` |
//! |---|---|---|---|
//! | `send {topic}` | producer | at the delivery report | `messaging.destination.partition.id`, `messaging.kafka.offset`, `.message.key`, `.message.tombstone`; with [`Settings::with_body_sizes`] `messaging.message.body.size` |
//! | `process {topic}` | consumer | with the work | the same, `messaging.consumer.group.name`, `tracing_suite.messaging.message.age` (seconds since the record's timestamp), `.attempt` |
//! | `commit {topic}`, `store_offset {topic}` | client | when the call returns | partition and offset, if there is one; only with [`Settings::with_settle_spans`] |
//! | `transaction` | internal | when it is committed or aborted | `tracing_suite.kafka.transaction.id`, `.outcome` (`commit`, `abort`), `.message_count` |
//!
//! `messaging.kafka.cluster.id` is set once librdkafka knows it, which may be after the first messages.
//!
//! `error.type` is librdkafka's error code, such as `QueueFull` or `MessageSizeTooLarge`, or `panic`. Keys are recorded if they are
//! text of at most 128 bytes, unless [`Settings::with_message_keys`] disables them. Bodies and headers are never recorded.
//!
//! # Headers
//! Context travels in `traceparent`, `tracestate` and `baggage`, or in the headers of the
//! [propagator](Settings::with_propagator). Sending a message replaces its headers of these names. All others keep
//! their order. If several headers have the same name, the last one is read. Names are compared byte by byte, as in
//! Kafka.
//!
//! # Transactions
//! The spans of messages that are sent in a transaction link to the span of the transaction, which has the outcome,
//! because a message may be delivered although its transaction is aborted later. A transaction that is neither
//! committed nor aborted when the producer is dropped has no outcome. A failed commit is an `exception` event. The
//! transaction has failed if it is then aborted or left open, but not if a later commit succeeds.
//!
//! # Retries and dead letters
//! [`Received::retry_headers`] returns the headers for publishing a message again. The span of a later attempt has its
//! number, and links to the first sender and to the `send` span that published the message last. That `send` span is
//! below the span of the previous attempt.
//!
//! # What is not recorded
//! Kafka does not report redeliveries: if a consumer ends before it commits, both spans have the same partition, offset and link.
//! Offsets that `send_offsets_to_transaction` commits have no span.
//!
//! # Features
//! | feature | adds |
//! |---|---|
//! | `exporter` | `exporter`, which exports spans as OTLP to a topic |
//! | `metrics` | `Settings::with_metrics`, the metrics of messaging clients |
//! | `tls` | `Security`: TLS and SASL (PLAIN and SCRAM). It builds librdkafka with the OpenSSL of the system |
//! | `full` | all of these |
//!
//! By default, none is enabled.

mod config;
mod consumer;
#[cfg(feature = "exporter")]
pub mod exporter;
mod headers;
mod producer;
mod record;
#[cfg(feature = "tls")]
mod security;

pub use consumer::{
    Iter, Received, TracedBaseConsumer, TracedMessageStream, TracedPartitionQueue, TracedStreamConsumer,
    TracedStreamPartitionQueue,
};
pub use headers::CarrierMessage;
pub use producer::{
    TracedBaseProducer, TracedDelivery, TracedDeliveryContext, TracedDeliveryFuture, TracedFutureProducer,
    TracedOpaque, TracedProducerContext, TracedThreadedProducer, WrappedFutureProducer,
};
/// The wrapped client.
pub use rdkafka;
#[cfg(feature = "tls")]
pub use security::{SaslMechanism, Security, SecurityError};
/// The core that records spans.
pub use tracing_core_lite;
pub use tracing_core_lite::messaging::{
    Attempt, BatchItem, MessageBatch, MessageView, Origin, Processing, Relation, Settings,
};

/// Helpers for tests of the workspace's crates. Not covered by semver.
#[doc(hidden)]
pub mod layer_support {
    pub use crate::record::error_class::of as error_class;
}

/// The examples of the README, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
