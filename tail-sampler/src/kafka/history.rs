//! Reads what earlier owners of a partition have decided.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::decision::DecisionRecord;
use super::stats::{KafkaStats, Kind};

/// How long the brokers may send nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a partition continues.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The decisions that are still followed, in their order.
    pub(super) decisions: Vec<DecisionRecord>,
    /// What budgets have left after the last decision. Empty if it is not known.
    pub(super) budgets: Vec<u64>,
    /// The time of the partition at the committed offset; 0 if there is none.
    pub(super) start_time: u64,
    /// The offset of the decision topic from which decisions are needed.
    pub(super) floor: i64,
}

/// What is committed with an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Committed {
    /// The time of the partition at the offset, in nanoseconds since the Unix epoch.
    pub(super) time: u64,
    /// The offset of the decision topic from which decisions are needed.
    pub(super) floor: i64,
}

impl Committed {
    /// Returns the metadata of the commit.
    pub(super) fn to_metadata(self) -> String {
        format!("v1 {} {}", self.time, self.floor)
    }

    /// Reads the metadata of a commit. Returns the default, with which all decisions are read, for others.
    pub(super) fn from_metadata(metadata: &str) -> Self {
        let mut words = metadata.split(' ');
        let read = (words.next() == Some("v1"))
            .then(|| Some(Self { time: words.next()?.parse().ok()?, floor: words.next()?.parse().ok()? }));
        read.flatten().unwrap_or_default()
    }
}

/// Reads the decisions about several partitions. `late_window` is in nanoseconds.
pub(super) fn read(
    config: &ClientConfig,
    topic: &str,
    partitions: &HashMap<i32, Committed>,
    late_window: u64,
    stats: &KafkaStats,
) -> KafkaResult<HashMap<i32, History>> {
    let mut found: HashMap<i32, Vec<DecisionRecord>> = HashMap::new();
    let consumer: BaseConsumer = config.create()?;
    let mut assignment = TopicPartitionList::new();
    for (partition, committed) in partitions {
        let from = if committed.floor > 0 { Offset::Offset(committed.floor) } else { Offset::Beginning };
        assignment.add_partition_offset(topic, *partition, from)?;
        found.insert(*partition, Vec::new());
    }
    consumer.assign(&assignment)?;
    let (mut open, mut deadline) = (partitions.len(), Instant::now() + PATIENCE);
    while open > 0 {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                deadline = Instant::now() + PATIENCE;
                let value = message.payload().unwrap_or_default();
                match DecisionRecord::decode(message.key(), value) {
                    Ok(record) => found.entry(message.partition()).or_default().push(record),
                    // A record without a value deletes an earlier one.
                    Err(_) if message.payload().is_none() => {}
                    Err(error) => {
                        stats.count(Kind::UnreadableDecision);
                        tracing::warn!(partition = message.partition(), offset = message.offset(), %error, "a decision cannot be read");
                    }
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(error)) if is_fatal(&error) => return Err(error),
            Some(Err(error)) => tracing::warn!(%error, "decisions cannot be read yet"),
            None => {}
        }
        if Instant::now() >= deadline {
            return Err(KafkaError::MessageConsumption(rdkafka::types::RDKafkaErrorCode::OperationTimedOut));
        }
    }
    let history = |(partition, records)| {
        let committed = partitions.get(&partition).copied().unwrap_or_default();
        (partition, continued(records, committed, late_window))
    };
    Ok(found.into_iter().map(history).collect())
}

fn is_fatal(error: &KafkaError) -> bool {
    use rdkafka::types::RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::UnknownTopicOrPartition
                | Code::TopicAuthorizationFailed
                | Code::UnknownTopic
                | Code::UnknownPartition
        )
    )
}

/// Drops an incomplete last group, which is decided again, and decisions that are not followed any more.
fn continued(mut records: Vec<DecisionRecord>, committed: Committed, late_window: u64) -> History {
    if let Some(last) = records.last().and_then(|record| record.group.clone()) {
        let is_of_last =
            |record: &DecisionRecord| record.group.as_ref().is_some_and(|group| group.id == last.id);
        let written = records.iter().filter(|record| is_of_last(record)).count();
        if written < last.len as usize {
            records.retain(|record| !is_of_last(record));
        }
    }
    let budgets = records.iter().rev().find_map(|record| {
        record.group.as_ref().map(|group| &group.budgets).filter(|budgets| !budgets.is_empty())
    });
    let budgets = budgets.cloned().unwrap_or_default();
    // A trace has several records if it was decided again after its window, or by two owners. The last one counts.
    let mut last: HashMap<_, usize> = HashMap::new();
    for (index, record) in records.iter().enumerate() {
        last.insert(record.decision.trace_id, index);
    }
    let mut index = 0;
    records.retain(|record| {
        let is_last = last.get(&record.decision.trace_id) == Some(&index);
        index += 1;
        is_last && record.decided_at.saturating_add(late_window) > committed.time
    });
    records.sort_by_key(|record| record.decided_at);
    History { decisions: records, budgets, start_time: committed.time, floor: committed.floor }
}

#[cfg(test)]
mod tests {
    use tracing_core_lite::opentelemetry::trace::TraceId;
    use tracing_sampling::tail::TraceDecision;

    use super::super::decision::Group;
    use super::*;

    fn record(trace: u8, decided_at: u64, group: Option<(u64, u32, &[u64])>) -> DecisionRecord {
        let mut record =
            DecisionRecord::new(TraceDecision::dropped(TraceId::from_bytes([trace; 16])), decided_at);
        record.group = group.map(|(id, len, budgets)| Group { id, len, budgets: budgets.to_vec() });
        record
    }

    fn traces(history: &History) -> Vec<u8> {
        history.decisions.iter().map(|record| record.decision.trace_id.to_bytes()[0]).collect()
    }

    #[test]
    fn an_incomplete_group_does_not_count_and_the_budgets_before_it_do() {
        let records = vec![
            record(1, 10, None),
            record(2, 20, Some((1, 2, &[]))),
            record(3, 20, Some((1, 2, &[7]))),
            record(4, 30, Some((2, 3, &[]))),
            record(5, 30, Some((2, 3, &[]))),
        ];
        let history = continued(records, Committed::default(), 100);
        assert_eq!((traces(&history), &history.budgets[..]), (vec![1, 2, 3], &[7][..]));
    }

    #[test]
    fn decisions_after_their_window_and_earlier_ones_of_a_trace_do_not_count() {
        let records =
            vec![record(1, 10, None), record(2, 50, None), record(3, 60, None), record(2, 70, None)];
        let history = continued(records, Committed { time: 110, floor: 4 }, 100);
        assert_eq!((traces(&history), history.start_time, history.floor), (vec![3, 2], 110, 4));
    }

    #[test]
    fn metadata_of_commits() {
        let committed = Committed { time: 1_700_000_000_000_000_000, floor: 12 };
        assert_eq!(Committed::from_metadata(&committed.to_metadata()), committed);
        for foreign in ["", "v2 1 2", "v1", "v1 1", "v1 a b", "NaN"] {
            assert_eq!(Committed::from_metadata(foreign), Committed::default(), "{foreign}");
        }
    }
}
