//! The state that the wrappers of consumers share.

use rdkafka::ClientConfig;
use rdkafka::client::{self, ClientContext};
use rdkafka::error::KafkaResult;
use tracing_core_lite::messaging::{
    Client, Destination, MessageBatch, MessagingOperation, OperationType, Settings,
};

use super::Received;
use super::{batch, settle};
use crate::config::instrument;
use crate::headers::CarrierMessage;
use crate::record::ClusterId;

/// `messaging.operation.name` of receiving, in metrics.
const POLL: &str = "poll";

/// The state that all clones and queues of one consumer share.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(super) client: Client,
    pub(super) cluster_id: ClusterId,
}

impl Receiver {
    pub(super) fn new(settings: Settings, config: Option<&ClientConfig>) -> Self {
        Self { client: instrument(settings, config), cluster_id: ClusterId::default() }
    }

    /// Reads the sender of a message. `kafka` is the client that received it, if it is available.
    pub(super) fn receive<M: CarrierMessage, C: ClientContext>(
        &self,
        message: M,
        kafka: Option<&client::Client<C>>,
    ) -> Received<M> {
        if let Some(kafka) = kafka {
            self.cluster_id.learn(kafka);
        }
        let destination = Destination::new(message.topic()).with_partition(Some(message.partition()));
        self.client.consumed(POLL, destination, 1);
        Received::new(&self.client, &self.cluster_id, message)
    }

    pub(super) fn batch<M: CarrierMessage>(&self, messages: &[Received<M>]) -> MessageBatch {
        let mut batch = self.start_batch(batch::destination(messages));
        for message in messages {
            message.add_to(&mut batch);
        }
        batch
    }

    pub(super) fn start_batch(&self, destination: Destination<'_>) -> MessageBatch {
        self.client.batch(&MessagingOperation::new(OperationType::Process, destination), |_| {})
    }

    pub(super) fn settle<'a>(
        &self,
        name: &'static str,
        offsets: impl FnOnce() -> settle::Offsets<'a>,
        call: impl FnOnce() -> KafkaResult<()>,
    ) -> KafkaResult<()> {
        if self.client.has_settle_spans() {
            settle::traced(&self.client, &self.cluster_id, name, &offsets(), call)
        } else {
            call()
        }
    }
}
