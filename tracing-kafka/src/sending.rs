//! The `send` span of one message.

use std::sync::Arc;

use opentelemetry::Context;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedHeaders;
use tracing_core_lite::messaging::attribute::{BODY_SIZE, DESTINATION_PARTITION};
use tracing_core_lite::messaging::{
    Client, Destination, InFlight, MessageView, Operation, OperationType, Settings,
};
use tracing_core_lite::span::{Recorder, Span};

use crate::attribute::{MESSAGE_KEY, OFFSET, TOMBSTONE};
use crate::carrier::{Incoming, Outgoing};
use crate::error_class;
use crate::producer::Transactions;
use crate::scope;

/// What is known of a message before it is sent.
pub(crate) struct Outbound<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) payload: Option<&'a [u8]>,
}

/// What all clones of one producer share.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    client: Client,
    pub(crate) transactions: Arc<Transactions>,
}

impl Sender {
    pub(crate) fn new(settings: Settings, config: Option<&ClientConfig>) -> Self {
        let client = scope::client(settings, config);
        let id = config.and_then(|config| config.get("transactional.id"));
        let transactions = Arc::new(Transactions::new(client.clone(), id));
        Self { client, transactions }
    }

    /// Starts the span of `message` below the span that is current, and writes the context to its headers.
    pub(crate) fn start(&self, message: &Outbound<'_>, headers: &mut Option<OwnedHeaders>) -> InFlight {
        let destination = Destination::new(message.topic).partition(message.partition);
        let operation = Operation::new(OperationType::Send, destination);
        let context = Context::current();
        let sending = self.client.start(&operation, &context, |span| {
            let incoming = Incoming(headers.as_ref().map(OwnedHeaders::as_borrowed));
            let body_size = message.payload.map_or(0, <[u8]>::len);
            let view = MessageView::new(message.topic, body_size, &incoming).key(message.key);
            record_message(&self.client, &view, message.payload.is_none(), span);
            self.client.on_send(&view, span);
        });
        self.transactions.sending(&sending);
        let mut outgoing = Outgoing(headers.take());
        self.client.inject(&sending, &context, &mut outgoing);
        *headers = outgoing.0;
        sending
    }
}

/// What the spans of sent and of received messages have in common.
pub(crate) fn record_message(
    client: &Client,
    message: &MessageView<'_>,
    is_tombstone: bool,
    span: &mut Recorder<'_>,
) {
    span.set_some(MESSAGE_KEY, client.shown_key(message.key));
    span.set(BODY_SIZE, i64::try_from(message.body_size).unwrap_or(i64::MAX));
    if is_tombstone {
        span.set(TOMBSTONE, true);
    }
}

/// Ends the span with what the delivery report says.
pub(crate) fn delivered(mut sending: InFlight, partition: i32, offset: i64, error: Option<&KafkaError>) {
    if let Some(error) = error {
        failed(&mut sending, error);
    }
    sending.end_with(|span| {
        if partition >= 0 {
            span.set(DESTINATION_PARTITION, partition.to_string().as_str());
        }
        if offset >= 0 && error.is_none() {
            span.set(OFFSET, offset);
        }
    });
}

pub(crate) fn failed(operation: &mut InFlight, error: &KafkaError) {
    let is_recording = operation.span().is_some_and(Span::is_recording);
    let description = if is_recording { error.to_string() } else { String::new() };
    operation.failed(&error_class::of(error), &description);
}
