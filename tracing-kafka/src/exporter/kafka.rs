//! The exporter.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};

use super::deliveries::{self, Deliveries, Delivery, InFlight, Reports};
use super::key::PARTITIONER;
use super::split::{Record, records};

/// librdkafka's default of `message.max.bytes`.
const DEFAULT_MAX_BYTES: usize = 1_000_000;

/// The bytes of a record besides its value, rounded up.
const RECORD_OVERHEAD: usize = 1024;

/// The maximum time between two looks at the deadline.
const POLL: Duration = Duration::from_millis(100);

/// Exports spans to a topic. See the [module](super) for the format.
///
/// One call of [`export`](Exporter::export) returns when every record of the batch has a delivery report, or at its deadline. A
/// batch that is exported again is sent without the records that were delivered, or that may still be. A record that is too large
/// for `message.max.bytes` is divided; a single span that is too large is rejected.
pub struct KafkaExporter {
    producer: BaseProducer<Reports>,
    topic: String,
    destination: String,
    max_bytes: usize,
    current: Option<Current>,
    #[cfg(feature = "tls")]
    secured: Option<super::secured::Secured>,
}

/// The batch that is being exported.
struct Current {
    batch: Batch,
    records: Vec<Record>,
    deliveries: Deliveries,
}

impl KafkaExporter {
    /// Creates an exporter to `topic`. It sets `partitioner` to [`PARTITIONER`]. All other settings are those of `config`. The
    /// topic should exist: a trace is divided if the number of partitions changes.
    ///
    /// # Errors
    /// Returns librdkafka's error if a setting is invalid.
    pub fn create(config: &ClientConfig, topic: impl Into<String>) -> KafkaResult<Self> {
        let mut config = config.clone();
        config.set("partitioner", PARTITIONER);
        let max_bytes = config.get("message.max.bytes").and_then(|bytes| bytes.parse().ok());
        let max_bytes = max_bytes.unwrap_or(DEFAULT_MAX_BYTES).saturating_sub(RECORD_OVERHEAD);
        let topic = topic.into();
        let servers = config.get("bootstrap.servers").or_else(|| config.get("metadata.broker.list"));
        let destination = format!("kafka://{}/{topic}", servers.unwrap_or_default());
        let producer = config.create_with_context(Reports)?;
        Ok(Self {
            producer,
            topic,
            destination,
            max_bytes,
            current: None,
            #[cfg(feature = "tls")]
            secured: None,
        })
    }

    /// Creates an exporter to `topic` with TLS or SASL. A changed password is used for the next connections, and changed
    /// certificates for the next batch.
    ///
    /// # Errors
    /// Returns an error if the password cannot be read, or if a setting is invalid.
    #[cfg(feature = "tls")]
    pub fn create_secured(
        config: &ClientConfig,
        topic: impl Into<String>,
        security: crate::Security,
    ) -> Result<Self, SecuredError> {
        let mut secured = config.clone();
        security.apply(&mut secured)?;
        let mut exporter = Self::create(&secured, topic)?;
        let mut config = config.clone();
        config.set("partitioner", PARTITIONER);
        exporter.secured = Some(super::secured::Secured::new(security, config));
        Ok(exporter)
    }

    /// Queues every record that was not delivered and cannot be delivered any more.
    fn enqueue(&self, current: &Current, deadline: Instant) -> Result<(), ExportError> {
        for (index, record) in current.records.iter().enumerate() {
            match deliveries::get(&current.deliveries, index) {
                Delivery::Delivered | Delivery::InFlight => continue,
                Delivery::Failed(error) if is_too_large(&error) => continue,
                Delivery::Unsent | Delivery::Failed(_) => self.send(current, index, record, deadline)?,
            }
        }
        Ok(())
    }

    fn send(
        &self,
        current: &Current,
        index: usize,
        record: &Record,
        deadline: Instant,
    ) -> Result<(), ExportError> {
        loop {
            deliveries::set(&current.deliveries, index, Delivery::InFlight);
            let in_flight = Box::new(InFlight { of: Arc::clone(&current.deliveries), index });
            let message = BaseRecord::with_opaque_to(&self.topic, in_flight)
                .key(record.key.as_bytes())
                .payload(&record.batch.request()[..]);
            let Err((error, _)) = self.producer.send(message) else { return Ok(()) };
            deliveries::set(&current.deliveries, index, Delivery::Unsent);
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) if Instant::now() < deadline => {
                    self.producer.poll(until(deadline));
                }
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                    deliveries::set(&current.deliveries, index, Delivery::Failed(error));
                    return Ok(());
                }
                _ => return Err(retryable(&error)),
            }
        }
    }

    /// Returns the result of a batch whose records all have a report.
    fn result(current: &Current) -> Result<Exported, ExportError> {
        let (mut rejected, mut message) = (0, String::new());
        for (index, record) in current.records.iter().enumerate() {
            match deliveries::get(&current.deliveries, index) {
                Delivery::Failed(error) if is_too_large(&error) => {
                    rejected += record.batch.span_count() as u64;
                    message = error.to_string();
                }
                Delivery::Failed(error) => return Err(retryable(&error)),
                _ => {}
            }
        }
        Ok(Exported::new(rejected, message))
    }

    /// Returns the state of a batch that was exported before, or a new one.
    fn take_current(&mut self, batch: &Batch) -> Result<Current, ExportError> {
        if let Some(current) = self.current.take()
            && current.batch.request().as_ptr() == batch.request().as_ptr()
            && current.batch.request_len() == batch.request_len()
        {
            return Ok(current);
        }
        let records = records(batch, self.max_bytes)
            .map_err(|error| ExportError::Permanent { reason: error.to_string() })?;
        let deliveries = Arc::new(Mutex::new(vec![Delivery::Unsent; records.len()]));
        Ok(Current { batch: batch.clone(), records, deliveries })
    }
}

/// An exporter with TLS or SASL cannot be created.
#[cfg(feature = "tls")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecuredError {
    /// A secret cannot be used.
    #[error(transparent)]
    Security(#[from] crate::SecurityError),
    /// A setting is invalid.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

impl Exporter for KafkaExporter {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        #[cfg(feature = "tls")]
        if let Some(secured) = &mut self.secured {
            secured.refresh(&mut self.producer, self.current.is_none());
        }
        let current = self.take_current(batch)?;
        let mut result = self.enqueue(&current, deadline);
        while result.is_ok() && deliveries::in_flight(&current.deliveries) > 0 {
            if Instant::now() >= deadline {
                let reason = "the brokers did not acknowledge all records in time".to_owned();
                result = Err(ExportError::Retryable { reason, after: None });
            } else {
                self.producer.poll(until(deadline));
            }
        }
        let result = result.and_then(|()| Self::result(&current));
        if matches!(result, Err(ExportError::Retryable { .. })) {
            self.current = Some(current);
        }
        result
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.producer.flush(left).map_err(|error| retryable(&error))
    }

    fn destination(&self) -> Option<&str> {
        Some(&self.destination)
    }
}

impl fmt::Debug for KafkaExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaExporter").field("destination", &self.destination).finish_non_exhaustive()
    }
}

fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).min(POLL)
}

fn is_too_large(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize)
    )
}

fn retryable(error: &KafkaError) -> ExportError {
    ExportError::Retryable { reason: error.to_string(), after: None }
}
