//! Membership of the consumer group.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaResult;
use rdkafka::{ClientContext, Offset, Statistics, TopicPartitionList};

use super::history::Committed;
use super::journal::Journal;
use super::offsets::Start;
use super::stats::{KafkaStats, Kind};

/// How long a rebalance waits until decisions are written.
const FLUSH: Duration = Duration::from_secs(10);

/// A change of the assignment.
#[derive(Debug)]
pub(super) enum Change {
    /// New partitions, which are paused.
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
}

/// Receives the changes of the assignment, inside a poll of the consumer.
#[derive(Debug)]
pub(super) struct Membership {
    topic: String,
    journal: Arc<Journal>,
    stats: Arc<KafkaStats>,
    changes: Mutex<Vec<Change>>,
    /// Where the next owner of each partition must begin.
    starts: Mutex<HashMap<i32, (Start, Committed)>>,
}

impl Membership {
    pub(super) fn new(topic: String, journal: Arc<Journal>, stats: Arc<KafkaStats>) -> Self {
        Self { topic, journal, stats, changes: Mutex::default(), starts: Mutex::default() }
    }

    pub(super) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut *locked(&self.changes))
    }

    pub(super) fn set_start(&self, partition: i32, start: Start, committed: Committed) {
        locked(&self.starts).insert(partition, (start, committed));
    }

    pub(super) fn forget(&self, partition: i32) {
        locked(&self.starts).remove(&partition);
    }

    /// Commits the offsets of these partitions. Returns whether it worked.
    pub(super) fn commit(&self, consumer: &BaseConsumer<Self>, partitions: &[i32]) -> bool {
        let committed = self.offsets(partitions).and_then(|list| match list.count() {
            0 => Ok(()),
            _ => consumer.commit(&list, CommitMode::Sync),
        });
        match committed {
            Ok(()) => self.stats.count(Kind::Commit),
            Err(error) => {
                self.stats.count(Kind::FailedCommit);
                tracing::warn!(%error, "offsets could not be committed; spans will be read again");
                return false;
            }
        }
        true
    }

    /// Returns the offsets to commit.
    fn offsets(&self, of: &[i32]) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for (partition, (start, committed)) in locked(&self.starts).iter() {
            if of.contains(partition) {
                let mut element = list.add_partition(&self.topic, *partition);
                element.set_offset(Offset::Offset(start.offset))?;
                element.set_metadata(committed.to_metadata());
            }
        }
        Ok(list)
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, partitions: &[i32]) {
        // The next owner reads the decisions, so all of them must be written before it begins.
        if let Err(error) = self.journal.flush(FLUSH) {
            tracing::warn!(%error, "decisions are still being written while partitions are given away");
        }
        let _ = self.commit(consumer, partitions);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn numbers(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

impl ClientContext for Membership {
    fn stats(&self, statistics: Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        // Partitions that were given away keep their last figures.
        let own = topic.partitions.values().filter(|partition| partition.fetch_state == "active");
        let lags = own.map(|partition| partition.consumer_lag.max(0));
        self.stats.lag.store(lags.sum(), Ordering::Relaxed);
    }
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            let partitions = numbers(list);
            self.revoke(consumer, &partitions);
            self.stats.count(Kind::Rebalance);
            locked(&self.changes).push(Change::Revoked(partitions));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            // Until the decisions of the last owner were read.
            if let Err(error) = consumer.pause(list) {
                tracing::error!(%error, "new partitions could not be paused");
            }
            self.stats.count(Kind::Rebalance);
            self.stats.joined.fetch_add(1, Ordering::Release);
            locked(&self.changes).push(Change::Assigned(numbers(list)));
        }
    }
}
