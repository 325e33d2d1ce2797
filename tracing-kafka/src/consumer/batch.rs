//! The destination of a batch.

use rdkafka::Message;
use tracing_core_lite::messaging::Destination;

use super::Received;

/// Returns the topic and the partition that all messages share.
pub(super) fn destination<M: Message>(messages: &[Received<M>]) -> Destination<'_> {
    let Some(first) = messages.first() else { return Destination::default() };
    if messages.iter().any(|message| message.topic() != first.topic()) {
        return Destination::default();
    }
    let has_one_partition = messages.iter().all(|message| message.partition() == first.partition());
    Destination::new(first.topic()).with_partition(has_one_partition.then(|| first.partition()))
}
