//! The work on one message of a batch.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;

use super::client::{Client, record_origin};
use super::{Destination, MessagingOperation, OperationType, Origin};
use crate::context::FutureExt;
use crate::span::{Recorder, Span, Timestamp};

/// The work on one message of a [`MessageBatch`](super::MessageBatch).
///
/// It ends as [`processed`](Self::processed), [`skipped`](Self::skipped) or [`failed`](Self::failed). If it is dropped
/// without one of these, it is counted as skipped, or as failed if the thread is panicking.
///
/// An item without a span runs in the unsampled context of the batch: spans below it are not recorded, and services
/// that it calls receive the flag "not sampled". If it fails, it gets a span with the time at which it began, but its
/// calls stay unrecorded.
#[derive(Debug)]
pub struct BatchItem {
    state: State,
    context: Context,
    counts: Arc<Counts>,
    is_settled: bool,
}

#[derive(Debug)]
enum State {
    /// The filter excluded the batch.
    Untraced,
    Recorded(Span),
    /// Gets a span if it fails.
    Unrecorded(Box<Begun>),
}

#[derive(Debug)]
struct Begun {
    client: Client,
    operation: ItemOperation,
    batch: Context,
    origin: Origin,
    at: Timestamp,
    description: Option<Description>,
}

/// Writes to the span, if the item gets one.
struct Description(Box<dyn FnOnce(&mut Recorder<'_>) + Send + Sync>);

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Description")
    }
}

/// The data that the items of one batch share.
#[derive(Debug, Clone)]
pub(super) struct ItemOperation {
    name: &'static str,
    destination: Arc<str>,
    is_temporary: bool,
    is_anonymous: bool,
}

impl ItemOperation {
    pub(super) fn of(operation: &MessagingOperation<'_>) -> Self {
        Self {
            name: operation.name,
            destination: operation.destination.name.into(),
            is_temporary: operation.destination.is_temporary,
            is_anonymous: operation.destination.is_anonymous,
        }
    }

    fn operation(&self) -> MessagingOperation<'_> {
        let destination = Destination::new(&self.destination)
            .with_temporary(self.is_temporary)
            .with_anonymous(self.is_anonymous);
        MessagingOperation::new(OperationType::Process, destination).with_name(self.name)
    }
}

/// The outcomes of a batch's items.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) begun: AtomicU64,
    pub(super) processed: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) skipped: AtomicU64,
}

impl BatchItem {
    pub(super) fn untraced(origin: &Origin, counts: Arc<Counts>) -> Self {
        Self { state: State::Untraced, context: origin.context(), counts, is_settled: false }
    }

    pub(super) fn recorded(
        client: &Client,
        operation: &ItemOperation,
        batch: &Context,
        origin: &Origin,
        counts: Arc<Counts>,
    ) -> Self {
        let span = start_span(client, operation, batch, None, |span| record_origin(origin, span));
        let context = span.in_context(origin.base());
        Self { state: State::Recorded(span), context, counts, is_settled: false }
    }

    pub(super) fn unrecorded(
        client: &Client,
        operation: &ItemOperation,
        batch: &Context,
        context: Context,
        origin: &Origin,
        counts: Arc<Counts>,
    ) -> Self {
        let begun = Begun {
            client: client.clone(),
            operation: operation.clone(),
            batch: batch.clone(),
            origin: origin.clone(),
            at: Timestamp::now(),
            description: None,
        };
        Self { state: State::Unrecorded(Box::new(begun)), context, counts, is_settled: false }
    }

    /// Returns the context to work in, with the baggage of the message.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Runs `write` if the item has a span.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let State::Recorded(span) = &self.state {
            span.record(write);
        }
    }

    /// Runs `write` on the item's span: now if there is one, otherwise when the item fails. A second call for an item
    /// without a span replaces the first.
    pub fn describe(&mut self, write: impl FnOnce(&mut Recorder<'_>) + Send + Sync + 'static) {
        match &mut self.state {
            State::Untraced => {}
            State::Recorded(span) => span.record(write),
            State::Unrecorded(begun) => begun.description = Some(Description(Box::new(write))),
        }
    }

    /// Runs `work` in the item's context. `Ok` is counted as [processed](Self::processed). `Err` and a panic are
    /// counted as [failed](Self::failed).
    ///
    /// # Errors
    /// Returns the error of `work`.
    pub async fn run<T, E: Error>(self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let outcome = work.in_context(self.context.clone()).await;
        match &outcome {
            Ok(_) => self.processed(),
            Err(error) => self.failed(error),
        }
        outcome
    }

    /// Counts the item as processed.
    pub fn processed(mut self) {
        self.settle(|counts| &counts.processed);
        self.end_recorded();
    }

    /// Counts the item as skipped.
    pub fn skipped(mut self) {
        self.settle(|counts| &counts.skipped);
        self.end_recorded();
    }

    /// Counts the item as failed, and [records](Recorder::record_error) `error`.
    pub fn failed<E: Error + ?Sized>(mut self, error: &E) {
        self.settle(|counts| &counts.failed);
        self.end_failed(|span| span.record_error(error));
    }

    /// Counts the item as failed, and records `error` with `class` as its `error.type`. See [`Recorder::record_error_as`].
    pub fn failed_as<E: Error + ?Sized>(mut self, class: &str, error: &E) {
        self.settle(|counts| &counts.failed);
        self.end_failed(|span| span.record_error_as(class, error));
    }

    fn settle(&mut self, count: impl FnOnce(&Counts) -> &AtomicU64) {
        count(&self.counts).fetch_add(1, Ordering::Relaxed);
        self.is_settled = true;
    }

    fn end_recorded(&mut self) {
        if let State::Recorded(span) = std::mem::replace(&mut self.state, State::Untraced) {
            span.end();
        }
    }

    fn end_failed(&mut self, write: impl FnOnce(&Span)) {
        let span = match std::mem::replace(&mut self.state, State::Untraced) {
            State::Untraced => return,
            State::Recorded(span) => span,
            State::Unrecorded(begun) => begun.into_span(),
        };
        write(&span);
        span.end();
    }
}

impl Begun {
    fn into_span(self: Box<Self>) -> Span {
        let Self { client, operation, batch, origin, at, description } = *self;
        start_span(&client, &operation, &batch, Some(at), |span| {
            record_origin(&origin, span);
            if let Some(Description(write)) = description {
                write(span);
            }
        })
    }
}

/// Starts a span without a measurement, because the batch is measured as a whole.
fn start_span(
    client: &Client,
    operation: &ItemOperation,
    batch: &Context,
    at: Option<Timestamp>,
    write: impl FnOnce(&mut Recorder<'_>),
) -> Span {
    client.with_name(&operation.operation(), |name, view, record| {
        let mut span =
            client.tracer().span(name).with_kind(SpanKind::Consumer).with_parent(batch).with_request(view);
        if let Some(at) = at {
            span = span.with_start_time(at);
        }
        span.start_with(|span| {
            record(span);
            write(span);
        })
    })
}

impl Drop for BatchItem {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        if !std::thread::panicking() {
            return self.settle(|counts| &counts.skipped);
        }
        self.settle(|counts| &counts.failed);
        // A recorded span records the panic when it is dropped. This span starts after the panic.
        if let State::Unrecorded(begun) = std::mem::replace(&mut self.state, State::Untraced) {
            begun.into_span().record(|span| {
                span.record_panic();
            });
        }
    }
}
