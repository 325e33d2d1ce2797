//! Consumers: deliveries with the context of their senders, and a `process` span for the work on each.

mod delegate;
mod delivery;
mod outcome;
mod processing;
mod retry;
mod settlement;
mod source;
mod stream;
mod work;

pub use delegate::{TracedDelegate, TracedDeliveryResult};
pub use delivery::TracedDelivery;
pub use outcome::DeliveryOutcome;
pub use processing::ProcessingDelivery;
pub(crate) use source::Source;
pub use stream::TracedConsumer;
