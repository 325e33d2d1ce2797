//! The implementation of rdkafka's trait [`Consumer`](rdkafka::consumer::Consumer) for both wrappers.

/// Implements `Consumer` by delegating to the wrapper's `inner`, with spans for commits if the settings enable them.
macro_rules! forward_consumer {
    ([$($generics:tt)*] $wrapper:ty, $($bounds:tt)*) => {
        const _: () = {
            use rdkafka::client::Client;
            use rdkafka::consumer::{CommitMode, ConsumerGroupMetadata, RebalanceProtocol};
            use rdkafka::error::KafkaResult;
            use rdkafka::groups::GroupList;
            use rdkafka::message::{BorrowedMessage, Message};
            use rdkafka::metadata::Metadata;
            use rdkafka::util::Timeout;
            use rdkafka::{Offset, TopicPartitionList};

            use crate::consumer::settle::Offsets;

            impl<$($generics)*> Consumer<C> for $wrapper
            where
                $($bounds)*
            {
                fn client(&self) -> &Client<C> {
                    self.inner.client()
                }

                fn group_metadata(&self) -> Option<ConsumerGroupMetadata> {
                    self.inner.group_metadata()
                }

                fn subscribe(&self, topics: &[&str]) -> KafkaResult<()> {
                    self.inner.subscribe(topics)
                }

                fn unsubscribe(&self) {
                    self.inner.unsubscribe();
                }

                fn assign(&self, assignment: &TopicPartitionList) -> KafkaResult<()> {
                    self.inner.assign(assignment)
                }

                fn unassign(&self) -> KafkaResult<()> {
                    self.inner.unassign()
                }

                fn incremental_assign(&self, assignment: &TopicPartitionList) -> KafkaResult<()> {
                    self.inner.incremental_assign(assignment)
                }

                fn incremental_unassign(&self, assignment: &TopicPartitionList) -> KafkaResult<()> {
                    self.inner.incremental_unassign(assignment)
                }

                fn seek<T: Into<Timeout>>(&self, topic: &str, partition: i32, offset: Offset, timeout: T) -> KafkaResult<()> {
                    self.inner.seek(topic, partition, offset, timeout)
                }

                fn seek_partitions<T: Into<Timeout>>(&self, list: TopicPartitionList, timeout: T) -> KafkaResult<TopicPartitionList> {
                    self.inner.seek_partitions(list, timeout)
                }

                fn commit(&self, list: &TopicPartitionList, mode: CommitMode) -> KafkaResult<()> {
                    let call = || self.inner.commit(list, mode);
                    self.receiver.settle("commit", || Offsets::of(list), call)
                }

                fn commit_consumer_state(&self, mode: CommitMode) -> KafkaResult<()> {
                    let call = || self.inner.commit_consumer_state(mode);
                    self.receiver.settle("commit", || Offsets::all(), call)
                }

                fn commit_message(&self, message: &BorrowedMessage<'_>, mode: CommitMode) -> KafkaResult<()> {
                    let call = || self.inner.commit_message(message, mode);
                    self.receiver.settle("commit", || Offsets::one(message.topic(), message.partition(), message.offset()), call)
                }

                fn store_offset(&self, topic: &str, partition: i32, offset: i64) -> KafkaResult<()> {
                    let call = || self.inner.store_offset(topic, partition, offset);
                    self.receiver.settle("store_offset", || Offsets::one(topic, partition, offset), call)
                }

                fn store_offset_from_message(&self, message: &BorrowedMessage<'_>) -> KafkaResult<()> {
                    let call = || self.inner.store_offset_from_message(message);
                    self.receiver.settle("store_offset", || Offsets::one(message.topic(), message.partition(), message.offset()), call)
                }

                fn store_offsets(&self, list: &TopicPartitionList) -> KafkaResult<()> {
                    let call = || self.inner.store_offsets(list);
                    self.receiver.settle("store_offset", || Offsets::of(list), call)
                }

                fn subscription(&self) -> KafkaResult<TopicPartitionList> {
                    self.inner.subscription()
                }

                fn assignment(&self) -> KafkaResult<TopicPartitionList> {
                    self.inner.assignment()
                }

                fn assignment_lost(&self) -> bool {
                    self.inner.assignment_lost()
                }

                fn committed<T: Into<Timeout>>(&self, timeout: T) -> KafkaResult<TopicPartitionList> {
                    self.inner.committed(timeout)
                }

                fn committed_offsets<T: Into<Timeout>>(&self, list: TopicPartitionList, timeout: T) -> KafkaResult<TopicPartitionList> {
                    self.inner.committed_offsets(list, timeout)
                }

                fn offsets_for_timestamp<T: Into<Timeout>>(&self, timestamp: i64, timeout: T) -> KafkaResult<TopicPartitionList> {
                    self.inner.offsets_for_timestamp(timestamp, timeout)
                }

                fn offsets_for_times<T: Into<Timeout>>(&self, timestamps: TopicPartitionList, timeout: T) -> KafkaResult<TopicPartitionList> {
                    self.inner.offsets_for_times(timestamps, timeout)
                }

                fn position(&self) -> KafkaResult<TopicPartitionList> {
                    self.inner.position()
                }

                fn fetch_metadata<T: Into<Timeout>>(&self, topic: Option<&str>, timeout: T) -> KafkaResult<Metadata> {
                    self.inner.fetch_metadata(topic, timeout)
                }

                fn fetch_watermarks<T: Into<Timeout>>(&self, topic: &str, partition: i32, timeout: T) -> KafkaResult<(i64, i64)> {
                    self.inner.fetch_watermarks(topic, partition, timeout)
                }

                fn fetch_group_list<T: Into<Timeout>>(&self, group: Option<&str>, timeout: T) -> KafkaResult<GroupList> {
                    self.inner.fetch_group_list(group, timeout)
                }

                fn pause(&self, partitions: &TopicPartitionList) -> KafkaResult<()> {
                    self.inner.pause(partitions)
                }

                fn resume(&self, partitions: &TopicPartitionList) -> KafkaResult<()> {
                    self.inner.resume(partitions)
                }

                fn rebalance_protocol(&self) -> RebalanceProtocol {
                    self.inner.rebalance_protocol()
                }
            }
        };
    };
}

pub(super) use forward_consumer;
