//! A stand-in for the bank, which reports its payments through Kafka.

use futures_util::future::try_join_all;
use rdkafka::error::KafkaError;
use rdkafka::producer::FutureRecord;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::{Context, TracerProvider};
use tracing_kafka::{Settings, TracedFutureProducer};

use crate::shop::connections::kafka::client_config;

/// The topic of the bank's records.
pub const TOPIC: &str = "bank.payments";

/// How many records there are each night.
pub const RECORDS: u64 = 10_000;

/// How many statements the bank sends them in.
const STATEMENTS: u64 = 10;

/// One record in this many reports that nothing was paid.
const UNPAID_EVERY: u64 = 4_000;

/// Sends the records of a night to the Kafka at `brokers`. Each statement is a trace of the `bank`.
///
/// # Errors
/// Returns an error if Kafka does not accept the records.
pub async fn send_statements(brokers: &str, bank: &TracerProvider) -> Result<(), KafkaError> {
    let config = client_config(brokers, "bank");
    // A span per record would add nothing. Records without a span carry the context of their statement.
    let settings = Settings::new().with_provider(bank).with_filter(|_| false);
    let producer: TracedFutureProducer = TracedFutureProducer::create(&config, settings)?;
    for statement in 0..STATEMENTS {
        let span = bank.tracer("bank").span("bank statement").with_parent(&Context::new()).start();
        let context = span.in_context(&Context::new());
        if let Err(error) = send_statement(&producer, statement).in_context(context).await {
            span.record_error_as("kafka", &error);
            return Err(error);
        }
        span.end();
    }
    Ok(())
}

async fn send_statement(producer: &TracedFutureProducer, statement: u64) -> Result<(), KafkaError> {
    let first = statement * RECORDS / STATEMENTS;
    let last = (statement + 1) * RECORDS / STATEMENTS;
    let mut deliveries = Vec::new();
    for record in first..last {
        let paid = if record % UNPAID_EVERY == UNPAID_EVERY - 1 { 0 } else { 100 };
        let payload = format!("{record} {paid}");
        let record = FutureRecord::<(), _>::to(TOPIC).payload(&payload);
        deliveries.push(producer.send_result(record).map_err(|(error, _)| error)?);
    }
    for outcome in try_join_all(deliveries).await.map_err(|_| KafkaError::Canceled)? {
        outcome.map_err(|(error, _)| error)?;
    }
    Ok(())
}
