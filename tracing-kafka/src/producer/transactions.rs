//! The span of a transaction.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::Context;
use rdkafka::error::{KafkaError, KafkaResult};
use tracing_core_lite::messaging::attribute::{CLIENT_ID, SERVER_ADDRESS, SERVER_PORT, SYSTEM};
use tracing_core_lite::messaging::{Client, InFlight};
use tracing_core_lite::span::Span;

use crate::record::attribute::{TRANSACTION_ID, TRANSACTION_MESSAGES, TRANSACTION_OUTCOME};
use crate::record::error_class;

/// The transaction that a producer has open, if any.
#[derive(Debug)]
pub(crate) struct Transactions {
    client: Client,
    id: Option<String>,
    /// Spares producers without transactions a lock for each message.
    is_open: AtomicBool,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    span: Span,
    messages: Arc<AtomicI64>,
    /// The error of the last attempt to end it.
    failed: Option<Failed>,
}

#[derive(Debug)]
struct Failed {
    /// The outcome that was attempted.
    outcome: &'static str,
    error: KafkaError,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.span.record(|span| {
            span.set(TRANSACTION_MESSAGES, self.messages.load(Ordering::Relaxed));
            if let Some(Failed { error, .. }) = &self.failed {
                span.failed(&error_class::of(error), &error.to_string());
            }
        });
    }
}

/// A message that is counted in the transaction that was open when it was sent, if any.
#[must_use = "a message that the producer rejected is not part of the transaction"]
pub(crate) struct Counted(Option<Arc<AtomicI64>>);

impl Counted {
    /// Removes the message from the count, because it was not sent.
    pub(crate) fn take_back(self) {
        if let Some(messages) = self.0 {
            messages.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Keeps the message in the count, because the producer accepted it.
    pub(crate) fn keep(self) {}
}

impl Transactions {
    pub(crate) fn new(client: Client, id: Option<&str>) -> Self {
        Self { client, id: id.map(str::to_owned), is_open: AtomicBool::new(false), open: Mutex::default() }
    }

    /// Starts the span of a transaction, below the current span.
    pub(crate) fn begun(&self) {
        let context = Context::current();
        let span = self.client.tracer().span("transaction").with_parent(&context).start_with(|span| {
            let peer = self.client.peer();
            span.set(SYSTEM, "kafka")
                .set_some(TRANSACTION_ID, self.id.as_deref())
                .set_some(CLIENT_ID, peer.client_id.as_deref())
                .set_some(SERVER_ADDRESS, peer.address.as_deref())
                .set_some(SERVER_PORT, peer.port);
        });
        *self.lock() = Some(Open { span, messages: Arc::default(), failed: None });
        self.is_open.store(true, Ordering::Release);
    }

    /// Counts a message in the open transaction, if there is one, and links the message's span to the span of the
    /// transaction, which will have the outcome.
    pub(crate) fn sending(&self, sending: &InFlight) -> Counted {
        if !self.is_open.load(Ordering::Acquire) {
            return Counted(None);
        }
        let slot = self.lock();
        let Some(open) = &*slot else { return Counted(None) };
        open.messages.fetch_add(1, Ordering::Relaxed);
        sending.record(|span| {
            span.add_link(open.span.span_context(), &[]);
        });
        Counted(Some(Arc::clone(&open.messages)))
    }

    /// Records the result of ending the open transaction with `outcome`. After an error the transaction is still open,
    /// and the caller tries again or aborts.
    pub(crate) fn ended(&self, outcome: &'static str, result: &KafkaResult<()>) {
        let mut slot = self.lock();
        match result {
            Ok(()) => {
                self.is_open.store(false, Ordering::Release);
                let Some(mut open) = slot.take() else { return };
                drop(slot);
                // A retry of the failed call has succeeded. An abort after a failed commit is not a success.
                open.failed = open.failed.take().filter(|failed| failed.outcome != outcome);
                open.span.record(|span| {
                    span.set(TRANSACTION_OUTCOME, outcome);
                });
            }
            Err(error) => {
                let Some(open) = &mut *slot else { return };
                open.span.record(|span| {
                    span.record_handled_error(error);
                });
                open.failed = Some(Failed { outcome, error: error.clone() });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
