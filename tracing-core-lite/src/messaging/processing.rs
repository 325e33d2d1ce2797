//! The work on one message.

use std::error::Error;

use opentelemetry::Context;

use super::client::record_origin;
use super::{Client, InFlight, MessagingOperation, Origin, Relation};
use crate::context::FutureExt;
use crate::span::Recorder;

/// The work on one message: a `process` span that ends when this is dropped, and the context to work in. If it is
/// dropped on a panicking thread, the span has failed with the `error.type` `panic`.
#[derive(Debug)]
pub struct Processing {
    in_flight: InFlight,
    context: Context,
}

impl Client {
    /// Starts the work on one message from `origin`: a `process` span that is related to the sender's span as the
    /// settings specify. The current span has no influence.
    pub fn process(
        &self,
        operation: &MessagingOperation<'_>,
        origin: &Origin,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Processing {
        let parent = match self.relation() {
            Relation::SameTrace => origin.span_context(),
            Relation::NewTrace => None,
        };
        let in_flight = self.start_under(operation, origin.base(), parent, |span| {
            record_origin(origin, span);
            write(span);
        });
        let context = match in_flight.span() {
            Some(span) => span.in_context(origin.base()),
            None => origin.context(),
        };
        Processing { in_flight, context }
    }
}

impl Processing {
    /// Returns the context to work in. Spans that start in it belong to this message.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Runs `work` in the message's context, and ends the span when it finishes. An `Err` is
    /// [recorded](Recorder::record_error), and so is a panic. If the returned future is dropped, the span ends then.
    ///
    /// # Errors
    /// Returns the error of `work`.
    pub async fn run<T, E: Error>(mut self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let outcome = work.in_context(self.context.clone()).await;
        if let Err(error) = &outcome {
            self.in_flight.record_error(error);
        }
        outcome
    }

    /// Runs `write` if the span is recorded.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.in_flight.record(write);
    }

    /// Records that the work failed with `error`. See [`Recorder::record_error`].
    pub fn record_error<E: Error + ?Sized>(&mut self, error: &E) {
        self.in_flight.record_error(error);
    }

    /// Records that the work failed with `error`, with `class` as its `error.type`. See [`Recorder::record_error_as`].
    pub fn record_error_as<E: Error + ?Sized>(&mut self, class: &str, error: &E) {
        self.in_flight.record_error_as(class, error);
    }

    /// Ends the span. Dropping this does the same, except on a panicking thread.
    pub fn end(self) {
        self.in_flight.end();
    }
}
