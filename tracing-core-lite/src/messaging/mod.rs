//! The kit for instrumenting clients of queues: span names, the relation to the producer, batches, retries, settings, metrics.
//!
//! `tracing-kafka` and `tracing-amqp` re-export parts of this module. To instrument another client, use it directly. Spans
//! follow OpenTelemetry's conventions for messaging, version 1.44 (in development).
//!
//! # How a consumer's span relates to the producer's
//!
//! A producer does not wait for its consumers. With either relation, the consumer's span has a FollowsFrom link to the
//! producer's span: a link with the attribute `opentracing.ref_type = "follows_from"`.
//!
//! ```text
//! one message, Relation::SameTrace (default)      one message, Relation::NewTrace       a batch
//!
//! trace A                                         trace A             trace B           trace A   trace B   trace C
//! └─ POST /orders                                 └─ POST /orders     └─ process         │         │         │
//!    └─ send orders.created ◄┐                       └─ send ◄┄┄┄┄┄┄┄┄┄┄┄┘ orders.created └─ send   └─ send   │
//!       └─ process ┄┄┄┄┄┄┄┄┄┄┘                                                             ▲         ▲        │
//!          orders.created                                                                  ┊         ┊        └─ process (batch)
//!                                                                                          └┄┄┄┄┄┄┄┄┄┴┄┄┄┄┄┄┄┄┄┄┄┄┘ one link each
//! ─── parent   ┄┄► FollowsFrom
//! ```
//!
//! - [`Relation::SameTrace`]: the consumer's span is a child of the producer's, so one trace shows a message from end to end.
//!   The producer's sampling decision applies.
//! - [`Relation::NewTrace`]: each message starts a trace of its own. This suits queues that hold messages for days, and
//!   messages that fan out to thousands of consumers.
//! - A [`MessageBatch`] has many producers, so none of them is its parent.
//!
//! # Retries
//! A message that is published again, to a retry topic or a dead-letter queue, has a `send` span of its own. If the work that
//! failed publishes it, this span is a child of the `process` span of the failed attempt. [`Attempt`] carries the number of the
//! attempt and the first sender beside the trace context. The span of a later attempt therefore has two links: to the `send`
//! span that published the message last, and to the one that published it first.
//!
//! # Instrumenting a client
//! A wrapper of a client calls, on one [`Client`]:
//!
//! - to send: [`Client::start`] with an operation of type [`OperationType::Send`], [`Client::inject`], and
//!   [`InFlight::end_with`] when the broker has answered. If the answer is a future, [`Reported`] ends the span when it arrives.
//! - to process: [`Client::extract`], then [`Client::process`] for one message or [`Client::batch`] for many.
//!
//! The example `in_memory_queue` of this crate instruments a queue in this way.

mod attempt;
pub mod attribute;
mod baggage;
mod batch;
mod client;
mod destination;
mod in_flight;
mod item;
#[cfg(feature = "messaging-metrics")]
mod metrics;
mod operation;
mod origin;
mod peer;
mod processing;
mod report;
mod settings;
mod target;
mod view;

pub use attempt::{ATTEMPT, Attempt, FIRST_TRACEPARENT};
pub use batch::{DEFAULT_ITEM_RATIO, DEFAULT_SMALL_BATCH, MessageBatch};
pub use client::Client;
pub use destination::Destination;
pub use in_flight::InFlight;
pub use item::BatchItem;
pub use operation::{MessagingOperation, OperationType};
pub use origin::Origin;
pub use peer::Peer;
pub use processing::Processing;
pub use report::{Report, Reported};
pub use settings::{MessageView, Relation, Settings};
