//! The work on one message.

use std::error::Error;

use opentelemetry::Context;

use super::InFlight;
use crate::context::FutureExt;
use crate::span::Recorder;

/// The work on one message: a `process` span that ends when this is dropped, and the context to work in.
#[derive(Debug)]
pub struct Processing {
    in_flight: InFlight,
    context: Context,
}

impl Processing {
    pub(super) fn new(in_flight: InFlight, context: Context) -> Self {
        Self { in_flight, context }
    }

    /// The context to work in: what is called from there belongs to this message.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Runs `work` in the message's context, and ends with it; an `Err` is the span's [failure](Recorder::record_error). When the
    /// returned future is dropped, the span ends at that moment.
    pub async fn run<T, E: Error>(mut self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let outcome = work.in_context(self.context.clone()).await;
        if let Err(error) = &outcome {
            self.in_flight.failure(error);
        }
        outcome
    }

    /// Runs `write` if the span is recorded.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.in_flight.record(write);
    }

    /// Records that the work failed. See [`Recorder::failed`].
    pub fn failed(&mut self, error_type: &str, description: &str) {
        self.in_flight.failed(error_type, description);
    }

    /// Records that the work failed with `error`. See [`Recorder::record_error`].
    pub fn failure<E: Error + ?Sized>(&mut self, error: &E) {
        self.in_flight.failure(error);
    }

    /// As [`failure`](Processing::failure), with `class` as `error.type`. See [`Recorder::record_error_as`].
    pub fn failure_of<E: Error + ?Sized>(&mut self, class: &str, error: &E) {
        self.in_flight.failure_of(class, error);
    }

    /// Ends the span now. Dropping it does the same.
    pub fn end(self) {}
}
