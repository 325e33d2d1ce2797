//! The `send` span of one message.

use std::sync::Arc;

use opentelemetry::Context;
use rdkafka::ClientConfig;
use rdkafka::client::{self, ClientContext};
use rdkafka::message::{OwnedHeaders, ToBytes};
use rdkafka::producer::FutureRecord;
use tracing_core_lite::messaging::{
    Client, Destination, InFlight, MessageView, MessagingOperation, OperationType, Settings,
};

use super::transactions::{Counted, Transactions};
use crate::config::instrument;
use crate::headers::{Incoming, Outgoing};
use crate::record::{ClusterId, record_message};

/// The known properties of a message before it is sent.
pub(super) struct Outbound<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: Option<i32>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) payload: Option<&'a [u8]>,
}

impl<'a> Outbound<'a> {
    pub(super) fn of<K, P>(record: &FutureRecord<'a, K, P>) -> Self
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        Self {
            topic: record.topic,
            partition: record.partition,
            key: record.key.map(ToBytes::to_bytes),
            payload: record.payload.map(ToBytes::to_bytes),
        }
    }
}

/// The state that all clones of one producer share.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    client: Client,
    cluster_id: ClusterId,
    pub(super) transactions: Arc<Transactions>,
}

impl Sender {
    pub(super) fn new(settings: Settings, config: Option<&ClientConfig>) -> Self {
        let client = instrument(settings, config);
        let id = config.and_then(|config| config.get("transactional.id"));
        let transactions = Arc::new(Transactions::new(client.clone(), id));
        Self { client, cluster_id: ClusterId::default(), transactions }
    }

    /// Starts the span of `message` below the current span, and writes its context to the headers.
    pub(super) fn start<C: ClientContext>(
        &self,
        kafka: &client::Client<C>,
        message: &Outbound<'_>,
        headers: &mut Option<OwnedHeaders>,
    ) -> (InFlight, Counted) {
        let destination = Destination::new(message.topic).with_partition(message.partition);
        let operation = MessagingOperation::new(OperationType::Send, destination);
        let context = Context::current();
        let sending = self.client.start(&operation, &context, |span| {
            let incoming = Incoming(headers.as_ref().map(OwnedHeaders::as_borrowed));
            let body_size = message.payload.map_or(0, <[u8]>::len);
            let view = MessageView::new(message.topic, body_size, &incoming).with_key(message.key);
            record_message(&self.client, &view, message.payload.is_none(), span);
            self.cluster_id.learn(kafka);
            self.cluster_id.record(span);
            self.client.on_send(&view, span);
        });
        let counted = self.transactions.sending(&sending);
        let mut outgoing = Outgoing(headers.take());
        self.client.inject_to(message.topic, &sending, &context, &mut outgoing);
        *headers = outgoing.0;
        (sending, counted)
    }
}
