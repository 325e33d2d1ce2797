//! Takes over partitions, and gives them away.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaResult;
use tracing_sampling::tail::{Amount, TailSettings};

use super::client;
use super::group::Change;
use super::history::{self, Committed, History};
use super::partition::Partition;
use super::worker::{Worker, WorkerError};

/// The timeout of requests to the brokers.
const REQUEST: Duration = Duration::from_secs(30);

impl Worker {
    pub(super) fn change(&mut self, change: Change) -> Result<(), WorkerError> {
        match change {
            Change::Revoked(partitions) => {
                for number in partitions {
                    self.drop_partition(number);
                }
            }
            Change::Assigned(partitions) => {
                self.check_topics()?;
                self.take_over(&partitions)?;
            }
        }
        self.share_memory();
        let assigned = self.partitions.len() as u64;
        self.parts.stats.assigned.store(assigned, Ordering::Relaxed);
        tracing::info!(partitions = ?self.partitions.keys().collect::<Vec<_>>(), "the assignment has changed");
        Ok(())
    }

    pub(super) fn drop_partition(&mut self, number: i32) {
        if let Some(partition) = self.partitions.remove(&number) {
            let mut stats = partition.stats();
            self.retired.revoked.spans += stats.pending.spans;
            self.retired.revoked.traces += stats.pending.traces;
            stats.pending = Amount::default();
            stats.pending_bytes = 0;
            self.retired.tail.add(&stats);
        }
        self.floors.remove(&number);
        self.committed.remove(&number);
        self.parts.consumer.context().forget(number);
    }

    /// Reads what earlier owners have decided, and begins to read the partitions.
    fn take_over(&mut self, numbers: &[i32]) -> Result<(), WorkerError> {
        let committed = self.committed_offsets(numbers)?;
        let (config, stats) = (&self.parts.config, &self.parts.stats);
        let window = u64::try_from(config.late_window.as_nanos()).unwrap_or(u64::MAX);
        let reader = client::reader(config)?;
        let mut histories = history::read(&reader, &config.decision_topic(), &committed, window, stats)?;
        for &number in numbers {
            let history = histories.remove(&number).unwrap_or_default();
            self.generation += 1;
            let partition = Partition::new(
                number,
                self.generation,
                self.parts.partition_count,
                self.partition_settings(),
                self.parts.config.late_window,
                &history,
                self.parts.adaptive.clone(),
            )?;
            self.drop_partition(number);
            self.floors.insert(number, first_floor(&history));
            self.partitions.insert(number, partition);
        }
        let list = self.list(numbers.iter().copied())?;
        if !self.is_paused {
            self.parts.consumer.resume(&list)?;
        }
        self.partitions.values_mut().for_each(Partition::touch);
        Ok(())
    }

    fn committed_offsets(&self, numbers: &[i32]) -> KafkaResult<HashMap<i32, Committed>> {
        // The list must not outlive this function: the consumer cannot be closed before it.
        let list = self.list(numbers.iter().copied())?;
        let committed = self.parts.consumer.committed_offsets(list, REQUEST)?;
        let of = |it: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
            (it.partition(), Committed::from_metadata(it.metadata()))
        };
        Ok(committed.elements().iter().map(of).collect())
    }

    pub(super) fn list(&self, numbers: impl Iterator<Item = i32>) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        numbers.for_each(|number| _ = list.add_partition(&self.parts.config.topic, number));
        Ok(list)
    }

    /// Every partition decides alone, with its share of budgets.
    pub(super) fn partition_settings(&self) -> TailSettings {
        let settings = self.parts.settings.clone();
        settings.with_budget_share(1.0 / f64::from(self.parts.partition_count.max(1)))
    }

    pub(super) fn share_memory(&mut self) {
        let share = self.parts.settings.max_bytes / self.partitions.len().max(1);
        self.partitions.values_mut().for_each(|partition| partition.set_max_bytes(share));
    }
}

/// The floor of what was read, so that the next owner reads it too.
fn first_floor(history: &History) -> VecDeque<(u64, i64)> {
    let last = history.decisions.last().map_or(0, |record| record.decided_at);
    VecDeque::from([(last, history.floor)])
}
