//! What wrappers of queue clients share: names of spans, the relation to the producer, batches, retries, settings, metrics.
//!
//! Users meet this module through the wrapper of their client, which re-exports what they need; whoever instruments another
//! client builds on it directly. The conventions are OpenTelemetry's for messaging, version 1.44 (in development).
//!
//! # How a consumer's span relates to the producer's
//!
//! A producer does not wait for its consumers. Whichever relation is chosen, the consumer's span has a FollowsFrom link to
//! the producer's: a link with the attribute `opentracing.ref_type = "follows_from"`.
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
//!   The producer's sampling decision holds.
//! - [`Relation::NewTrace`]: each message starts a trace of its own. For queues that hold messages for days, or one message
//!   that fans out to thousands.
//! - A [`Batch`] has many producers, and so none of them as its parent.
//!
//! # Retries
//! A message that is published again, to a retry topic or a dead-letter queue, has a `send` span of its own. When the work that
//! failed publishes it, that span is a child of the `process` span of the failed attempt. [`Attempt`] carries the number of the
//! attempt and the first sender beside the trace context, so that the span of a later attempt has two links: to the `send` span
//! that published the message last, below the previous attempt, and to the one that sent it first.

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
mod processing;
mod report;
mod settings;

pub use attempt::{ATTEMPT, Attempt, FIRST_TRACEPARENT};
pub use batch::{Batch, DEFAULT_ITEM_RATIO};
pub use client::{Client, Peer};
pub use destination::Destination;
pub use in_flight::InFlight;
pub use item::Item;
pub use operation::{Operation, OperationType};
pub use origin::Origin;
pub use processing::Processing;
pub use report::{Report, Reported};
pub use settings::{MessageView, Relation, Settings};
