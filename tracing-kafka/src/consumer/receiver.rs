//! What the wrappers of consumers share.

use rdkafka::ClientConfig;
use rdkafka::error::KafkaResult;
use tracing_core_lite::messaging::{Batch, Client, Destination, Operation, OperationType, Settings};

use super::Received;
use super::{batch, settle};
use crate::config::instrument;
use crate::headers::CarrierMessage;

/// How Kafka calls receiving, in metrics.
const POLL: &str = "poll";

#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(super) client: Client,
}

impl Receiver {
    pub(super) fn new(settings: Settings, config: Option<&ClientConfig>) -> Self {
        Self { client: instrument(settings, config) }
    }

    pub(super) fn receive<M: CarrierMessage>(&self, message: M) -> Received<M> {
        let destination = Destination::new(message.topic()).partition(Some(message.partition()));
        self.client.consumed(POLL, destination, 1);
        Received::new(&self.client, message)
    }

    pub(super) fn batch<M: CarrierMessage>(&self, messages: &[Received<M>]) -> Batch {
        let mut batch = self.start_batch(batch::destination(messages));
        for message in messages {
            message.add_to(&mut batch);
        }
        batch
    }

    pub(super) fn start_batch(&self, destination: Destination<'_>) -> Batch {
        self.client.batch(&Operation::new(OperationType::Process, destination), |_| {})
    }

    pub(super) fn settle<'a>(
        &self,
        name: &'static str,
        offsets: impl FnOnce() -> settle::Offsets<'a>,
        call: impl FnOnce() -> KafkaResult<()>,
    ) -> KafkaResult<()> {
        if self.client.has_settle_spans() {
            settle::traced(&self.client, name, &offsets(), call)
        } else {
            call()
        }
    }
}
