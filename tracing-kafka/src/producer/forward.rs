//! The implementation of rdkafka's trait [`Producer`](rdkafka::producer::Producer) for all wrappers.

/// Implements `Producer` by delegating to the wrapper's `inner`, with a span for each transaction.
macro_rules! forward_producer {
    ([$($generics:tt)*] $wrapper:ty, $context:ty, $partitioner:ty, $($bounds:tt)*) => {
        impl<$($generics)*> rdkafka::producer::Producer<$context, $partitioner> for $wrapper
        where
            $($bounds)*
        {
            fn client(&self) -> &rdkafka::client::Client<$context> {
                self.inner.client()
            }

            fn in_flight_count(&self) -> i32 {
                self.inner.in_flight_count()
            }

            fn flush<T: Into<rdkafka::util::Timeout>>(&self, timeout: T) -> rdkafka::error::KafkaResult<()> {
                self.inner.flush(timeout)
            }

            fn purge(&self, flags: rdkafka::producer::PurgeConfig) {
                self.inner.purge(flags);
            }

            fn init_transactions<T: Into<rdkafka::util::Timeout>>(
                &self,
                timeout: T,
            ) -> rdkafka::error::KafkaResult<()> {
                self.inner.init_transactions(timeout)
            }

            fn begin_transaction(&self) -> rdkafka::error::KafkaResult<()> {
                let result = self.inner.begin_transaction();
                if result.is_ok() {
                    self.sender.transactions.begun();
                }
                result
            }

            fn send_offsets_to_transaction<T: Into<rdkafka::util::Timeout>>(
                &self,
                offsets: &rdkafka::TopicPartitionList,
                group: &rdkafka::consumer::ConsumerGroupMetadata,
                timeout: T,
            ) -> rdkafka::error::KafkaResult<()> {
                self.inner.send_offsets_to_transaction(offsets, group, timeout)
            }

            fn commit_transaction<T: Into<rdkafka::util::Timeout>>(
                &self,
                timeout: T,
            ) -> rdkafka::error::KafkaResult<()> {
                let result = self.inner.commit_transaction(timeout);
                self.sender.transactions.ended("commit", &result);
                result
            }

            fn abort_transaction<T: Into<rdkafka::util::Timeout>>(
                &self,
                timeout: T,
            ) -> rdkafka::error::KafkaResult<()> {
                let result = self.inner.abort_transaction(timeout);
                self.sender.transactions.ended("abort", &result);
                result
            }
        }
    };
}

pub(super) use forward_producer;
