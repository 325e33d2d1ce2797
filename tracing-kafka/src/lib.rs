//! Spans and trace context for Kafka: wrappers for the producers and consumers of rdkafka.

mod attribute;
mod carrier;
mod consumer;
mod error_class;
mod native_headers;
mod peer;
mod producer;
mod scope;
mod sending;

pub use carrier::CarrierMessage;
pub use consumer::{Iter, Received, TracedBaseConsumer, TracedMessageStream, TracedStreamConsumer};
pub use producer::{
    TracedBaseProducer, TracedDeliveryFuture, TracedFutureProducer, TracedOpaque, TracedProducerContext,
    TracedThreadedProducer,
};
/// The client that is wrapped.
pub use rdkafka;
/// The core that spans are recorded with.
pub use tracing_core_lite;
pub use tracing_core_lite::messaging::{
    Attempt, Batch, Item, MessageView, Origin, Processing, Relation, Settings,
};
