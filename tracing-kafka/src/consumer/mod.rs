//! Consumers: messages with the context of their senders, and a `process` span for the work on each.

mod base;
mod batch;
mod forward;
mod message_stream;
mod partition_queue;
mod received;
mod receiver;
mod settle;
mod stream;

pub use base::{Iter, TracedBaseConsumer};
pub use message_stream::TracedMessageStream;
pub use partition_queue::{TracedPartitionQueue, TracedStreamPartitionQueue};
pub use received::Received;
pub(crate) use receiver::Receiver;
pub use stream::TracedStreamConsumer;
