//! Producers: a `send` span for each message, which ends at the delivery report.

mod base;
mod context;
mod delivery_future;
mod forward;
mod future;
mod threaded;
mod transactions;

pub use base::TracedBaseProducer;
pub use context::{TracedOpaque, TracedProducerContext};
pub use delivery_future::TracedDeliveryFuture;
pub use future::TracedFutureProducer;
pub use threaded::TracedThreadedProducer;
pub(crate) use transactions::Transactions;
