//! Where the messages of a batch came from.

use rdkafka::Message;
use tracing_core_lite::messaging::Destination;

use super::Received;

/// The topic and the partition, as far as all messages have the same.
pub(super) fn destination<M: Message>(messages: &[Received<M>]) -> Destination<'_> {
    let Some(first) = messages.first() else { return Destination::default() };
    if messages.iter().any(|message| message.topic() != first.topic()) {
        return Destination::default();
    }
    let has_one_partition = messages.iter().all(|message| message.partition() == first.partition());
    Destination::new(first.topic()).partition(has_one_partition.then(|| first.partition()))
}
