//! The span of a transaction.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::Context;
use rdkafka::error::KafkaResult;
use tracing_core_lite::messaging::attribute::{CLIENT_ID, SERVER_ADDRESS, SERVER_PORT, SYSTEM};
use tracing_core_lite::messaging::{Client, InFlight};
use tracing_core_lite::span::{Recorder, Span};

use crate::attribute::{TRANSACTION_ID, TRANSACTION_MESSAGES, TRANSACTION_OUTCOME};
use crate::error_class;

/// The transaction that a producer has open, if any.
#[derive(Debug)]
pub(crate) struct Transactions {
    client: Client,
    id: Option<String>,
    /// So that producers without transactions take no lock for each message.
    is_open: AtomicBool,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    span: Span,
    messages: i64,
}

impl Transactions {
    pub(crate) fn new(client: Client, id: Option<&str>) -> Self {
        Self { client, id: id.map(str::to_owned), is_open: AtomicBool::new(false), open: Mutex::default() }
    }

    /// A transaction has begun, below the span that is current.
    pub(crate) fn begun(&self) {
        let context = Context::current();
        let span = self.client.tracer().span("transaction").parent(&context).start_with(|span| {
            let peer = self.client.peer();
            span.set(SYSTEM, "kafka")
                .set_some(TRANSACTION_ID, self.id.as_deref())
                .set_some(CLIENT_ID, peer.client_id.as_deref())
                .set_some(SERVER_ADDRESS, peer.address.as_deref())
                .set_some(SERVER_PORT, peer.port);
        });
        *self.lock() = Some(Open { span, messages: 0 });
        self.is_open.store(true, Ordering::Release);
    }

    /// A message is sent, maybe in the transaction that is open: its span links to that of the transaction, which is where its
    /// fate will be told.
    pub(crate) fn sending(&self, sending: &InFlight) {
        if !self.is_open.load(Ordering::Acquire) {
            return;
        }
        if let Some(open) = &mut *self.lock() {
            open.messages += 1;
            sending.record(|span| {
                span.link(open.span.span_context(), &[]);
            });
        }
    }

    /// The open transaction was to end with `outcome`. After an error it is still open: the caller tries again or aborts.
    pub(crate) fn ended(&self, outcome: &'static str, result: &KafkaResult<()>) {
        let mut slot = self.lock();
        match result {
            Ok(()) => {
                self.is_open.store(false, Ordering::Release);
                let Some(Open { span, messages }) = slot.take() else { return };
                drop(slot);
                span.end_with(|span| {
                    record_messages(span, messages);
                    span.set(TRANSACTION_OUTCOME, outcome);
                });
            }
            Err(error) => {
                if let Some(open) = &*slot {
                    open.span.record(|span| {
                        record_messages(span, open.messages);
                        span.failed(&error_class::of(error), &error.to_string());
                    });
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn record_messages(span: &mut Recorder<'_>, messages: i64) {
    span.set(TRANSACTION_MESSAGES, messages);
}
