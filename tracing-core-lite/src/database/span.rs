//! The span of one command, from its start to its only end.

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

#[cfg(feature = "database-metrics")]
use super::metrics::Measurement;
use super::{AttributeName, Conventions, Ending, Failure};
use crate::span::{Recorder, Span, Timestamp, Value};

/// The span of one command and its measurement. It ends once.
///
/// If it is dropped before [`succeed`](Self::succeed) or [`fail`](Self::fail), the command is recorded as cancelled: the
/// span has the status error, the `error.type` `cancelled` and an event of that name. It may be sent to another thread
/// and ended there.
#[derive(Debug)]
pub struct DatabaseSpan {
    /// `None` once the command has ended.
    span: Option<Span>,
    conventions: Conventions,
    #[cfg(feature = "database-metrics")]
    measurement: Option<Box<Measurement>>,
}

impl DatabaseSpan {
    #[inline]
    pub(super) fn new(
        span: Span,
        conventions: Conventions,
        #[cfg(feature = "database-metrics")] measurement: Option<Box<Measurement>>,
    ) -> Self {
        Self {
            span: Some(span),
            conventions,
            #[cfg(feature = "database-metrics")]
            measurement,
        }
    }

    /// Returns the span, or `None` once the command has ended.
    #[must_use]
    #[inline]
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// Returns the ids of the span; invalid ones once the command has ended.
    #[must_use]
    pub fn span_context(&self) -> &SpanContext {
        self.span.as_ref().map_or(&SpanContext::NONE, Span::span_context)
    }

    /// Returns `parent` with the span as the current one.
    #[must_use]
    pub fn in_context(&self, parent: &Context) -> Context {
        self.span.as_ref().map_or_else(|| parent.clone(), |span| span.in_context(parent))
    }

    /// Returns whether the span is recorded or the command measured. If neither, nothing is lost by dropping this.
    #[must_use]
    #[inline]
    pub fn is_observed(&self) -> bool {
        #[cfg(feature = "database-metrics")]
        if self.measurement.is_some() {
            return true;
        }
        self.is_recording()
    }

    /// Returns whether the span is recorded.
    #[must_use]
    #[inline]
    pub fn is_recording(&self) -> bool {
        self.span.as_ref().is_some_and(Span::is_recording)
    }

    /// Runs `write` if the span is recorded.
    #[inline]
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = &self.span {
            span.record(write);
        }
    }

    /// Sets an attribute under its selected [names](Conventions).
    pub fn set<'v>(&self, name: AttributeName, value: impl Into<Value<'v>>) {
        self.record(|span| self.conventions.set(span, name, value));
    }

    /// Ends the span of a command that the database has answered.
    pub fn succeed(mut self) {
        self.end(Ending::Succeeded, |_, _| {});
    }

    /// Ends the span of a command that failed.
    pub fn fail(mut self, failure: &Failure<'_>) {
        self.end(Ending::Failed(*failure), |_, _| {});
    }

    /// Ends the span of a cancelled command. Dropping this does the same.
    pub fn cancel(mut self) {
        self.end(Ending::Cancelled, |_, _| {});
    }

    /// Ends the span, and lets `write` set its last attributes; `write` gets the time of the end. Does nothing if the
    /// span has ended before.
    #[inline]
    pub fn end(&mut self, ending: Ending<'_>, write: impl FnOnce(&mut Recorder<'_>, Timestamp)) {
        let Some(span) = self.span.take() else { return };
        #[cfg(feature = "database-metrics")]
        if let Some(measurement) = self.measurement.take() {
            measurement.end(&ending, span.span_context());
        }
        if span.is_recording() {
            let now = Timestamp::now();
            span.end_with_at(now, |span| {
                write(span, now);
                ending.record(span, self.conventions, now);
            });
        }
    }
}

impl Drop for DatabaseSpan {
    #[inline]
    fn drop(&mut self) {
        if self.span.is_some() {
            self.end(Ending::of_drop(false), |_, _| {});
        }
    }
}
