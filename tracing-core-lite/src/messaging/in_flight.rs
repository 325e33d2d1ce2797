//! An operation that has started.

use std::error::Error;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

#[cfg(feature = "messaging-metrics")]
use super::metrics::Measurement;
use crate::span::{Recorder, Span, Timestamp};

/// An operation that has started, with its span and its measurement. It ends when it is dropped. If it is dropped on a
/// panicking thread, it has failed with the `error.type` `panic`.
///
/// An operation that the [filter](super::Settings::with_filter) excludes has no span and no measurement.
#[derive(Debug)]
pub struct InFlight {
    span: Option<Span>,
    #[cfg(feature = "messaging-metrics")]
    measurement: Option<Box<Measurement>>,
}

impl InFlight {
    pub(super) fn untraced() -> Self {
        Self {
            span: None,
            #[cfg(feature = "messaging-metrics")]
            measurement: None,
        }
    }

    pub(super) fn new(
        span: Span,
        #[cfg(feature = "messaging-metrics")] measurement: Option<Box<Measurement>>,
    ) -> Self {
        Self {
            span: Some(span),
            #[cfg(feature = "messaging-metrics")]
            measurement,
        }
    }

    /// Returns the span.
    #[must_use]
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// Returns whether the span is recorded or the operation is measured. Otherwise this need not be kept until the
    /// operation ends.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        #[cfg(feature = "messaging-metrics")]
        if self.measurement.is_some() {
            return true;
        }
        self.span.as_ref().is_some_and(Span::is_recording)
    }

    /// Returns the span context that a message sent in `context` carries: that of the span, or that of `context` if
    /// there is no span.
    #[must_use]
    pub fn span_context(&self, context: &Context) -> SpanContext {
        match &self.span {
            Some(span) => span.span_context().clone(),
            None => context.span().span_context().clone(),
        }
    }

    /// Returns `context` with the span as the current one.
    #[must_use]
    pub fn in_context(&self, context: &Context) -> Context {
        match &self.span {
            Some(span) => span.in_context(context),
            None => context.clone(),
        }
    }

    /// Runs `write` if the span is recorded.
    #[inline]
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = &self.span {
            span.record(write);
        }
    }

    /// Records that the operation failed with `error`. See [`Recorder::record_error`].
    pub fn record_error<E: Error + ?Sized>(&mut self, error: &E) {
        if let Some(span) = &self.span {
            span.record_error(error);
        }
        self.measure_error(std::any::type_name::<E>());
    }

    /// Records that the operation failed with `error`, with `class` as its `error.type`. See
    /// [`Recorder::record_error_as`].
    pub fn record_error_as<E: Error + ?Sized>(&mut self, class: &str, error: &E) {
        if let Some(span) = &self.span {
            span.record_error_as(class, error);
        }
        self.measure_error(class);
    }

    /// Records that the operation failed, for failures that are not an [`Error`], such as a broker's refusal.
    #[doc(hidden)]
    pub fn failed(&mut self, error_type: &str, description: &str) {
        self.record(|span| {
            span.failed(error_type, description);
        });
        self.measure_error(error_type);
    }

    #[cfg(feature = "messaging-metrics")]
    fn measure_error(&mut self, error_type: &str) {
        if let Some(measurement) = &mut self.measurement {
            measurement.failed(error_type);
        }
    }

    #[cfg(not(feature = "messaging-metrics"))]
    fn measure_error(&mut self, _error_type: &str) {}

    /// Sets the number of messages of the operation, in the metrics. Defaults to one, and to none for an operation of type
    /// [`Receive`](super::OperationType::Receive), which may end without a message.
    pub fn message_count(&mut self, count: u64) {
        #[cfg(feature = "messaging-metrics")]
        if let Some(measurement) = &mut self.measurement {
            measurement.message_count(count);
        }
        #[cfg(not(feature = "messaging-metrics"))]
        let _ = count;
    }

    /// Ends the operation.
    pub fn end(mut self) {
        if let Some(span) = self.span.take() {
            span.end();
        }
    }

    /// Ends the operation at `moment`, which is in the past.
    pub(super) fn end_at(mut self, moment: Moment) {
        #[cfg(feature = "messaging-metrics")]
        if let Some(measurement) = &mut self.measurement {
            measurement.end_at(moment.instant);
        }
        if let Some(span) = self.span.take() {
            span.end_at(moment.time);
        }
    }

    /// Runs `write` like [`record`](InFlight::record), and ends the operation.
    pub fn end_with(mut self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = self.span.take() {
            span.end_with(write);
        }
    }
}

/// A moment on the clock of spans and on that of measurements.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    time: Timestamp,
    #[cfg(feature = "messaging-metrics")]
    instant: std::time::Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            time: Timestamp::now(),
            #[cfg(feature = "messaging-metrics")]
            instant: std::time::Instant::now(),
        }
    }
}
