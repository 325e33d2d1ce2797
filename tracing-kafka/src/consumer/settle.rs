//! Spans of commits.

use std::borrow::Cow;

use opentelemetry::Context;
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};
use tracing_core_lite::messaging::{Client, Destination, Operation, OperationType};

use crate::record::attribute::OFFSET;
use crate::record::record_failure;

/// What is committed.
pub(crate) struct Offsets<'a> {
    /// Empty when it is not one.
    topic: Cow<'a, str>,
    partition: Option<i32>,
    offset: Option<i64>,
}

impl<'a> Offsets<'a> {
    /// The offset of one partition.
    pub(super) fn one(topic: &'a str, partition: i32, offset: i64) -> Self {
        Self { topic: topic.into(), partition: Some(partition), offset: Some(offset) }
    }

    /// Whatever the consumer holds.
    pub(super) fn all() -> Self {
        Self { topic: Cow::Borrowed(""), partition: None, offset: None }
    }

    /// A list: as far as it is of one topic, one partition.
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

pub(super) fn traced(
    client: &Client,
    name: &'static str,
    offsets: &Offsets<'_>,
    call: impl FnOnce() -> KafkaResult<()>,
) -> KafkaResult<()> {
    let destination = Destination::new(&offsets.topic).partition(offsets.partition);
    let operation = Operation::new(OperationType::Settle, destination).named(name);
    let mut settling = client.start(&operation, &Context::current(), |span| {
        span.set_some(OFFSET, offsets.offset);
    });
    let result = call();
    if let Err(error) = &result {
        record_failure(&mut settling, error);
    }
    result
}
