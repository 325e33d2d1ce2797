//! Spans and trace context for Kafka: wrappers for the producers and consumers of rdkafka.
//!
//! | bare client | wrapper | what it does |
//! |---|---|---|
//! | [`FutureProducer`] | [`TracedFutureProducer`] | a `send` span for each message, until the delivery report |
//! | [`BaseProducer`] | [`TracedBaseProducer`] | the same, with delivery callbacks |
//! | [`ThreadedProducer`] | [`TracedThreadedProducer`] | the same, on a thread of its own |
//! | [`StreamConsumer`] | [`TracedStreamConsumer`] | messages with their senders' context: [`Received`] |
//! | [`BaseConsumer`] | [`TracedBaseConsumer`] | the same, for its owner to poll |
//!
//! [`FutureProducer`]: rdkafka::producer::FutureProducer
//! [`BaseProducer`]: rdkafka::producer::BaseProducer
//! [`ThreadedProducer`]: rdkafka::producer::ThreadedProducer
//! [`StreamConsumer`]: rdkafka::consumer::StreamConsumer
//! [`BaseConsumer`]: rdkafka::consumer::BaseConsumer
//!
//! A wrapper is made as the bare client is, `config.create()`, has its calls and gives its results; or it goes around a client
//! that exists, with [`Settings`]. What it does not trace is rdkafka's own: the traits
//! [`Producer`](rdkafka::producer::Producer) and [`Consumer`](rdkafka::consumer::Consumer), contexts and their callbacks,
//! rebalances, pauses, offsets.
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
//! As [`Settings::relation`] says; pictures of it are in [`tracing_core_lite::messaging`]. By default the work on one message is
//! in the producer's trace, as a child of its span, with a FollowsFrom link to it; a [batch](TracedStreamConsumer::batch) is a
//! trace of its own, with one link for each message.
//!
//! # What is recorded
//! Spans follow OpenTelemetry's conventions for Kafka, version 1.44 (in development).
//!
//! | span | kind | ends | attributes beyond `messaging.system`, `.operation.*`, `.destination.name`, `.client.id`, `server.*` |
//! |---|---|---|---|
//! | `send {topic}` | producer | at the delivery report | `messaging.destination.partition.id`, `messaging.kafka.offset`, `.message.key`, `.message.tombstone`, `messaging.message.body.size` |
//! | `process {topic}` | consumer | with the work | the same, `messaging.consumer.group.name`, `messaging.message.age` (seconds since the record's timestamp), `messaging.message.attempt` |
//! | `commit {topic}`, `store_offset {topic}` | client | when the call returns | partition and offset, when there is one; only with [`Settings::settle_spans`] |
//! | `transaction` | internal | when it is committed or aborted | `messaging.kafka.transaction.id`, `.outcome` (`commit`, `abort`), `.message_count`, which are ours |
//!
//! `error.type` is librdkafka's error code, such as `QueueFull` or `MessageSizeTooLarge`. Keys are recorded when they are text
//! of at most 128 bytes, unless they [are hidden](Settings::hide_message_keys); bodies and headers never are.
//!
//! # Headers
//! Context goes in `traceparent`, `tracestate` and `baggage`, or what the [propagator](Settings::propagator) uses. When a
//! message is sent, headers of these names that it has already are replaced; all others stay as they are, in their order. Of
//! several with one name, the last is read. Names are compared byte by byte, as Kafka does.
//!
//! # Transactions
//! The spans of messages that are sent in a transaction have a link to the span of the transaction, which says whether it was
//! committed: a message may be delivered, and its transaction aborted later. A transaction that is neither committed nor aborted
//! when the producer ends has no outcome. A commit that fails is an `exception` event; the transaction has failed with it if it
//! is then aborted or left open, but not if a later commit succeeds.
//!
//! # Retries and dead letters
//! [`Received::retry_headers`] makes the headers with which to publish a message again. The spans of later attempts then link
//! to the first sender and to the `send` span that published the message last, which is below the attempt before, and have the
//! number of the attempt.
//!
//! # What is never seen
//! Whether Kafka delivers a message again after a consumer ended before it committed: both spans have the same partition,
//! offset and link. Messages that `send_offsets_to_transaction` settles.
//!
//! # Features
//! `metrics`: `Settings::with_metrics`, the metrics of messaging clients; `full`: the same. None by default.

mod config;
mod consumer;
mod headers;
mod producer;
mod record;

pub use consumer::{
    Iter, Received, TracedBaseConsumer, TracedMessageStream, TracedPartitionQueue, TracedStreamConsumer,
    TracedStreamPartitionQueue,
};
pub use headers::CarrierMessage;
pub use producer::{
    TracedBaseProducer, TracedDelivery, TracedDeliveryContext, TracedDeliveryFuture, TracedFutureProducer,
    TracedOpaque, TracedProducerContext, TracedThreadedProducer, WrappedFutureProducer,
};
/// The client that is wrapped.
pub use rdkafka;
/// The core that spans are recorded with.
pub use tracing_core_lite;
pub use tracing_core_lite::messaging::{
    Attempt, Batch, Item, MessageView, Origin, Processing, Relation, Settings,
};

/// What tests across the crates of the workspace need. Outside semver.
#[doc(hidden)]
pub mod layer_support {
    pub use crate::error_class::of as error_class;
}
