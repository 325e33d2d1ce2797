//! The nightly reconciliation: one batch over everything that the bank says was paid.

use std::time::Duration;

use futures_util::future::try_join_all;
use rdkafka::config::FromClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::spawn_blocking;
use tower::BoxError;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::{Context, TracerProvider};
use tracing_kafka::{Batch, Received, Settings, TracedFutureProducer, TracedStreamConsumer};

use super::events::client;

/// Where the bank's records are.
pub const TOPIC: &str = "bank.payments";

/// Records of one night.
pub const RECORDS: u64 = 10_000;

/// Statements in which the bank sends them.
const STATEMENTS: u64 = 10;

/// Of so many records, one was not paid in full.
const WRONG_EVERY: u64 = 4_000;

/// The share of records that get a span of their own although they are right.
const ITEM_RATIO: f64 = 0.0005;

/// How long Kafka may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What the reconciliation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Records that are right.
    pub right: u64,
    /// Records that are not.
    pub wrong: u64,
}

/// The bank sends its records to the Kafka at `brokers`: each statement is a trace of the `bank`.
///
/// # Errors
/// When Kafka does not take them.
pub async fn send_statements(brokers: &str, bank: &TracerProvider) -> Result<(), KafkaError> {
    let config = client(brokers, "bank");
    // A span for each of the records would tell nothing. Without one they still carry the statement's.
    let settings = Settings::new().provider(bank).filter(|_| false);
    let producer: FutureProducer = FutureProducer::from_config(&config)?;
    let producer = TracedFutureProducer::with_config(producer, &config, settings);
    for statement in 0..STATEMENTS {
        let span = bank.tracer("bank").span("bank statement").with_parent(&Context::new()).start();
        let context = span.in_context(&Context::new());
        let first = statement * RECORDS / STATEMENTS;
        let last = (statement + 1) * RECORDS / STATEMENTS;
        let deliveries = async {
            let mut deliveries = Vec::new();
            for record in first..last {
                let paid = if record % WRONG_EVERY == WRONG_EVERY - 1 { 0 } else { 100 };
                let payload = format!("{record} {paid}");
                let record = FutureRecord::<(), _>::to(TOPIC).payload(&payload);
                deliveries.push(producer.send_result(record).map_err(|(error, _)| error)?);
            }
            Ok::<_, KafkaError>(deliveries)
        };
        let sent = async {
            for outcome in try_join_all(deliveries.await?).await.map_err(|_| KafkaError::Canceled)? {
                outcome.map_err(|(error, _)| error)?;
            }
            Ok::<_, KafkaError>(())
        };
        if let Err(error) = sent.in_context(context).await {
            span.record_error_as("kafka", &error);
            return Err(error);
        }
        span.end();
    }
    Ok(())
}

/// Reads the last records of the bank in one batch: a span that FollowsFrom the statements, with spans below it for what is
/// wrong and for a few that are right.
///
/// # Errors
/// When Kafka does not give them.
pub async fn reconcile(brokers: &str, provider: &TracerProvider) -> Result<Reconciled, BoxError> {
    let mut config = client(brokers, "reconciliation");
    config.set("group.id", "reconciliation").set("enable.auto.commit", "false");
    let consumer: StreamConsumer = StreamConsumer::from_config(&config)?;
    // What librdkafka asks the broker at once blocks its thread.
    let assigned = spawn_blocking(move || assign_last(&consumer).map(|expected| (consumer, expected)));
    let (consumer, expected) = assigned.await??;
    let consumer = TracedStreamConsumer::with_config(consumer, &config, Settings::new().provider(provider));
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
    let mut batch = consumer.start_batch(TOPIC).item_ratio(ITEM_RATIO);
    let mut reconciled = Reconciled::default();
    for _ in 0..expected {
        let record = tokio::time::timeout(TIMEOUT, consumer.recv()).await??;
        check(&record, &mut batch, &mut reconciled);
    }
    batch.end();
    Ok(reconciled)
}

/// A record that does not fit the shop's books.
#[derive(Debug, thiserror::Error)]
#[error("the bank says that nothing was paid")]
struct NotPaid;

fn check<M: tracing_kafka::CarrierMessage>(
    record: &Received<M>,
    batch: &mut Batch,
    reconciled: &mut Reconciled,
) {
    record.add_to(batch);
    // With partition and offset, so that a wrong record can be found.
    let item = record.item(batch);
    if record.payload().is_some_and(|payload| payload.ends_with(b" 0")) {
        reconciled.wrong += 1;
        item.failure_of("not_paid", &NotPaid);
    } else {
        reconciled.right += 1;
        item.processed();
    }
}

/// Makes `consumer` read the last [`RECORDS`] of the topic. Returns how many there are.
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
