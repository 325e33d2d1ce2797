//! Spans of commits.

use std::borrow::Cow;

use opentelemetry::Context;
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};
use tracing_core_lite::messaging::{Client, Destination, MessagingOperation, OperationType};

use crate::record::attribute::OFFSET;
use crate::record::{ClusterId, record_failure};

/// The offsets of a commit.
pub(crate) struct Offsets<'a> {
    /// The topic. Empty unless there is exactly one.
    topic: Cow<'a, str>,
    partition: Option<i32>,
    offset: Option<i64>,
}

impl<'a> Offsets<'a> {
    /// The offset of one partition.
    pub(super) fn one(topic: &'a str, partition: i32, offset: i64) -> Self {
        Self { topic: topic.into(), partition: Some(partition), offset: Some(offset) }
    }

    /// All offsets of the consumer.
    pub(super) fn all() -> Self {
        Self { topic: Cow::Borrowed(""), partition: None, offset: None }
    }

    /// A list: its topic if there is only one, and its partition and offset if there is only one entry.
    pub(super) fn of(list: &TopicPartitionList) -> Self {
        let elements = list.elements();
        let Some(first) = elements.first() else { return Self::all() };
        if elements.iter().any(|element| element.topic() != first.topic()) {
            return Self::all();
        }
        let topic = Cow::Owned(first.topic().to_owned());
        if elements.len() > 1 {
            return Self { topic, partition: None, offset: None };
        }
        let offset = if let Offset::Offset(offset) = first.offset() { Some(offset) } else { None };
        Self { topic, partition: Some(first.partition()), offset }
    }
}

/// Runs `call` under a `settle` span.
pub(super) fn traced(
    client: &Client,
    cluster_id: &ClusterId,
    name: &'static str,
    offsets: &Offsets<'_>,
    call: impl FnOnce() -> KafkaResult<()>,
) -> KafkaResult<()> {
    let destination = Destination::new(&offsets.topic).with_partition(offsets.partition);
    let operation = MessagingOperation::new(OperationType::Settle, destination).with_name(name);
    let mut settling = client.start(&operation, &Context::current(), |span| {
        span.set_some(OFFSET, offsets.offset);
        cluster_id.record(span);
    });
    let result = call();
    if let Err(error) = &result {
        record_failure(&mut settling, error);
    }
    result
}
