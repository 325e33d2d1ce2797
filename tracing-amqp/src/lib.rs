//! Spans and trace context for AMQP 0-9-1: wrappers for the channels and consumers of lapin.

pub mod attribute;
mod broker;
mod channel;
mod confirm;
mod consumer;
mod dead_letter;
mod delegate;
mod delivery;
mod destination;
mod error_class;
mod get;
mod headers;
mod pending;
mod processing;
mod rpc;
mod settlement;
mod source;
mod work;

pub use broker::Broker;
pub use channel::TracedChannel;
pub use confirm::TracedConfirm;
pub use consumer::TracedConsumer;
pub use delegate::{TracedDelegate, TracedDeliveryResult};
pub use delivery::TracedDelivery;
pub use get::TracedGetMessage;
/// The client that is wrapped.
pub use lapin;
pub use processing::ProcessingDelivery;
pub use rpc::{RpcClient, RpcError};
pub use settlement::Outcome;
/// The core that spans are recorded with.
pub use tracing_core_lite;
pub use tracing_core_lite::messaging::{
    ATTEMPT, Attempt, Batch, FIRST_TRACEPARENT, InFlight, Item, MessageView, Origin, Peer, Relation, Settings,
};
