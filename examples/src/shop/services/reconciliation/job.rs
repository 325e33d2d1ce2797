//! Reads the bank's records in one batch and compares them with the shop's books.

use std::time::Duration;

use rdkafka::config::FromClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::spawn_blocking;
use tower::BoxError;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::{Context, TracerProvider};
use tracing_kafka::{MessageBatch, Received, Settings, TracedStreamConsumer};

use super::bank::{RECORDS, TOPIC};
use crate::shop::connections::kafka::client_config;

/// The share of correct records that get a span of their own.
const ITEM_RATIO: f64 = 0.0005;

/// How long Kafka may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The result of a reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// The number of records that agree with the shop's books.
    pub right: u64,
    /// The number of records that do not.
    pub wrong: u64,
}

/// Reads the last records of the bank in one batch: a span that follows from the statements.
///
/// Below it are spans for all wrong records and for a few correct ones.
///
/// # Errors
/// Returns an error if Kafka does not deliver the records.
pub async fn reconcile(brokers: &str, provider: &TracerProvider) -> Result<Reconciled, BoxError> {
    let mut config = client_config(brokers, "reconciliation");
    config.set("group.id", "reconciliation").set("enable.auto.commit", "false");
    let consumer: StreamConsumer = StreamConsumer::from_config(&config)?;
    // These requests to the broker block the thread.
    let assigned = spawn_blocking(move || assign_last(&consumer).map(|expected| (consumer, expected)));
    let (consumer, expected) = assigned.await??;
    let consumer =
        TracedStreamConsumer::with_config(consumer, &config, Settings::new().with_provider(provider));
    let span = provider
        .tracer("shop.reconciliation")
        .span("nightly reconciliation")
        .with_parent(&Context::new())
        .start();
    let context = span.in_context(&Context::new());
    let outcome = read_all(&consumer, expected).in_context(context).await;
    if outcome.is_err() {
        span.record(|span| {
            span.failed("kafka", "the records could not be read");
        });
    }
    span.end();
    outcome
}

async fn read_all(consumer: &TracedStreamConsumer, expected: u64) -> Result<Reconciled, BoxError> {
    let mut batch = consumer.start_batch(TOPIC).with_item_ratio(ITEM_RATIO).with_small_batch(0);
    let mut reconciled = Reconciled::default();
    for _ in 0..expected {
        let record = tokio::time::timeout(TIMEOUT, consumer.recv()).await??;
        check(&record, &mut batch, &mut reconciled);
    }
    batch.end();
    Ok(reconciled)
}

/// A record contradicts the shop's books.
#[derive(Debug, thiserror::Error)]
#[error("the bank says that nothing was paid")]
struct NotPaid;

fn check<M: tracing_kafka::CarrierMessage>(
    record: &Received<M>,
    batch: &mut MessageBatch,
    reconciled: &mut Reconciled,
) {
    record.add_to(batch);
    // The item's span has partition and offset, so that a wrong record can be found.
    let item = record.item(batch);
    if record.payload().is_some_and(|payload| payload.ends_with(b" 0")) {
        reconciled.wrong += 1;
        item.failed_as("not_paid", &NotPaid);
    } else {
        reconciled.right += 1;
        item.processed();
    }
}

/// Assigns the last [`RECORDS`] records of the topic to `consumer`. Returns how many there are.
fn assign_last(consumer: &StreamConsumer) -> Result<u64, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(TOPIC), TIMEOUT)?;
    let partitions: Vec<i32> = metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions().iter().map(|partition| partition.id()))
        .collect();
    let (mut list, mut expected) = (TopicPartitionList::new(), 0);
    for partition in partitions {
        let (low, high) = consumer.fetch_watermarks(TOPIC, partition, TIMEOUT)?;
        let left = RECORDS.saturating_sub(expected) as i64;
        let first = low.max(high - left);
        expected += high.abs_diff(first);
        list.add_partition_offset(TOPIC, partition, Offset::Offset(first))?;
    }
    consumer.assign(&list)?;
    Ok(expected)
}
