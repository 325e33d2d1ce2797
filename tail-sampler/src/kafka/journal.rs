//! Writes decisions to the decision topic.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};
use tracing_sampling::tail::TraceDecision;

use super::decision::{DecisionRecord, Group};

/// The pause while the queue of the producer is full.
const FULL: Duration = Duration::from_millis(20);

/// The delivery reports of decisions that were written together.
#[derive(Debug)]
pub(super) struct Reports {
    waiting: AtomicUsize,
    has_failed: AtomicBool,
    first_offset: AtomicI64,
}

impl Reports {
    fn new(records: usize) -> Self {
        Self {
            waiting: AtomicUsize::new(records),
            has_failed: AtomicBool::new(false),
            first_offset: AtomicI64::new(i64::MAX),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0 && !self.has_failed.load(Ordering::Acquire)
    }

    /// Returns the lowest offset of the records in the decision topic.
    pub(super) fn first_offset(&self) -> Option<i64> {
        Some(self.first_offset.load(Ordering::Acquire)).filter(|offset| *offset != i64::MAX)
    }
}

/// Receives delivery reports.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// The first error after which decisions are missing in the topic.
    failure: Mutex<Option<KafkaError>>,
}

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = Arc<Reports>;

    fn delivery(&self, result: &DeliveryResult<'_>, reports: Self::DeliveryOpaque) {
        match result {
            Ok(message) => {
                reports.first_offset.fetch_min(message.offset(), Ordering::AcqRel);
            }
            Err((error, _)) => {
                reports.has_failed.store(true, Ordering::Release);
                self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.clone());
            }
        }
        reports.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Writes decisions.
pub(super) struct Journal {
    producer: BaseProducer<Context>,
    topic: String,
    version: u32,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Journal {
    pub(super) fn new(config: &ClientConfig, topic: String, version: u32) -> KafkaResult<Self> {
        Ok(Self { producer: config.create_with_context(Context::default())?, topic, version })
    }

    /// Queues the decisions of a partition, which were made together.
    pub(super) fn write(
        &self,
        partition: i32,
        decisions: Vec<(TraceDecision, u64)>,
        budgets: &[u64],
    ) -> KafkaResult<Arc<Reports>> {
        let reports = Arc::new(Reports::new(decisions.len()));
        let (id, len) = (group_id(), u32::try_from(decisions.len()).unwrap_or(u32::MAX));
        let last = decisions.len().saturating_sub(1);
        for (index, (decision, decided_at)) in decisions.into_iter().enumerate() {
            let mut record = DecisionRecord::new(decision, decided_at);
            let budgets = if index == last { budgets.to_vec() } else { Vec::new() };
            record.group = Some(Group { id, len, budgets });
            let (key, value) = (record.key(), record.encode(self.version));
            let mut message = BaseRecord::with_opaque_to(&self.topic, Arc::clone(&reports))
                .partition(partition)
                .key(key.as_bytes())
                .payload(&value[..]);
            while let Err((error, returned)) = self.producer.send(message) {
                if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                    return Err(error);
                }
                self.producer.poll(FULL);
                message = returned;
            }
        }
        Ok(reports)
    }

    /// Receives delivery reports.
    ///
    /// # Errors
    /// Returns an error if a decision cannot be written.
    pub(super) fn poll(&self) -> KafkaResult<()> {
        self.producer.poll(Duration::ZERO);
        let failure = &self.producer.client().context().failure;
        match failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Returns the client.
    pub(super) fn client(&self) -> &rdkafka::client::Client<Context> {
        self.producer.client()
    }

    /// Waits until every decision is written.
    pub(super) fn flush(&self, timeout: Duration) -> KafkaResult<()> {
        self.producer.flush(timeout)
    }
}

/// Groups of one partition are only compared with their neighbours, so the time is unique enough.
fn group_id() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}
