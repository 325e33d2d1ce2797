//! Producers: a `send` span for each message, which ends at the delivery report.

mod base;
mod context;
mod delivery_context;
mod delivery_future;
mod enqueue;
mod forward;
mod future;
mod sender;
mod sending;
mod threaded;
mod transactions;
mod wrapped_future;

pub use base::TracedBaseProducer;
pub use context::{TracedOpaque, TracedProducerContext};
pub use delivery_context::{TracedDelivery, TracedDeliveryContext};
pub use delivery_future::TracedDeliveryFuture;
pub use future::TracedFutureProducer;
pub use threaded::TracedThreadedProducer;
pub use wrapped_future::WrappedFutureProducer;
