//! The work on one message of a batch.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;

use super::batch::{Counts, ItemOperation};
use super::client::record_origin;
use super::{Client, Origin};
use crate::context::FutureExt;
use crate::span::{Recorder, Span, Timestamp};

/// The work on one message of a [`Batch`](super::Batch). Dropped without a word about its outcome, it counts as skipped.
///
/// Most items are not recorded: their context is that of the batch, not sampled, so that nothing below them is recorded
/// either. One that fails gets its span then, from the time at which the item began; what ran below it stays unrecorded.
#[derive(Debug)]
pub struct Item {
    state: State,
    context: Context,
    counts: Arc<Counts>,
    is_settled: bool,
}

#[derive(Debug)]
enum State {
    /// The filter took the batch out.
    Untraced,
    Recorded(Span),
    /// Becomes a span if it fails.
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

/// What to write to the span, should there be one.
struct Description(Box<dyn FnOnce(&mut Recorder<'_>) + Send + Sync>);

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Description")
    }
}

impl Item {
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

    /// The context to work in, with the baggage of the message.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Runs `write` if the item has a span already.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let State::Recorded(span) = &self.state {
            span.record(write);
        }
    }

    /// Says what `write` adds to the item's span: now if it has one, else when it gets one by failing. A second description
    /// of an item without a span replaces the first.
    pub fn describe(&mut self, write: impl FnOnce(&mut Recorder<'_>) + Send + Sync + 'static) {
        match &mut self.state {
            State::Untraced => {}
            State::Recorded(span) => span.record(write),
            State::Unrecorded(begun) => begun.description = Some(Description(Box::new(write))),
        }
    }

    /// Runs `work` in the item's context. `Ok` counts as processed, `Err` as failed, with the error as the span's
    /// [failure](Recorder::record_error).
    pub async fn run<T, E: Error>(self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let outcome = work.in_context(self.context.clone()).await;
        match &outcome {
            Ok(_) => self.processed(),
            Err(error) => self.failure(error),
        }
        outcome
    }

    /// Counts the item as processed.
    pub fn processed(mut self) {
        self.settle(|counts| &counts.processed);
    }

    /// Counts the item as skipped.
    pub fn skipped(mut self) {
        self.settle(|counts| &counts.skipped);
    }

    /// Counts the item as failed with `error`, which is recorded. See [`Recorder::record_error`].
    pub fn failure<E: Error + ?Sized>(mut self, error: &E) {
        self.settle(|counts| &counts.failed);
        self.end_with_span(|span| span.record_error(error));
    }

    /// As [`failure`](Item::failure), with `class` as `error.type`. See [`Recorder::record_error_as`].
    pub fn failure_of<E: Error + ?Sized>(mut self, class: &str, error: &E) {
        self.settle(|counts| &counts.failed);
        self.end_with_span(|span| span.record_error_as(class, error));
    }

    /// Counts the item as failed. See [`Recorder::failed`].
    pub fn failed(mut self, error_type: &str, description: &str) {
        self.settle(|counts| &counts.failed);
        self.end_with_span(|span| {
            span.record(|span| {
                span.failed(error_type, description);
            });
        });
    }

    fn settle(&mut self, count: impl FnOnce(&Counts) -> &AtomicU64) {
        count(&self.counts).fetch_add(1, Ordering::Relaxed);
        self.is_settled = true;
    }

    fn end_with_span(&mut self, write: impl FnOnce(&Span)) {
        match std::mem::replace(&mut self.state, State::Untraced) {
            State::Untraced => {}
            State::Recorded(span) => write(&span),
            State::Unrecorded(begun) => write(&begun.into_span()),
        }
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

/// A span without a measurement: the batch is measured as a whole, and which of its items have spans is left to chance.
fn start_span(
    client: &Client,
    operation: &ItemOperation,
    batch: &Context,
    at: Option<Timestamp>,
    write: impl FnOnce(&mut Recorder<'_>),
) -> Span {
    client.with_name(&operation.operation(), |name, record| {
        let mut span = client.tracer().span(name).with_kind(SpanKind::Consumer).with_parent(batch);
        if let Some(at) = at {
            span = span.with_start_time(at);
        }
        span.start_with(|span| {
            record(span);
            write(span);
        })
    })
}

impl Drop for Item {
    fn drop(&mut self) {
        if !self.is_settled {
            self.settle(|counts| &counts.skipped);
        }
    }
}
