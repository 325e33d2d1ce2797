//! Writes to a recorded span.

use std::borrow::Borrow;
use std::error::Error;
use std::time::SystemTime;

use opentelemetry::KeyValue;
#[cfg(feature = "tracing-layer")]
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::{SpanContext, Status};

use super::classified_error::ClassifiedError;
use super::engine_limits::EngineLimits;
use super::error::{self, ErrorText, HANDLED_CLASS};
use super::foreign::{ForeignSink, ForeignSpan};
use super::foreign_attributes::{Batch, Deferred};
use super::link::{FOLLOWS_FROM, REF_TYPE};
use super::name::SpanName;
use super::prepared::PreparedAttributes;
use super::record::SpanRecord;
use super::value::{Value, visit_all_otel, visit_otel};
use crate::clock::Timestamp;

/// The class of errors that a panic is.
const PANIC: &str = "panic";

/// Writes to a span that is recorded. Closures receive one from [`Span::record`](super::Span::record) and
/// similar methods.
#[derive(Debug)]
pub struct Recorder<'a>(Target<'a>);

#[derive(Debug)]
enum Target<'a> {
    Own { record: &'a mut SpanRecord, limits: &'a EngineLimits },
    Foreign(ForeignSink<'a>),
}

impl<'a> Recorder<'a> {
    #[inline]
    pub(super) fn own(record: &'a mut SpanRecord, limits: &'a EngineLimits) -> Self {
        Self(Target::Own { record, limits })
    }

    pub(super) fn started(span: &'a ForeignSpan, attributes: &'a mut Batch) -> Self {
        Self(Target::Foreign(ForeignSink::Started { span, attributes }))
    }

    pub(super) fn building(
        builder: &'a mut opentelemetry::trace::SpanBuilder,
        deferred: &'a mut Deferred,
        start: Timestamp,
    ) -> Self {
        Self(Target::Foreign(ForeignSink::Building { builder, deferred, start }))
    }

    /// Sets an attribute. A second value for a key replaces the first; an empty key is ignored.
    #[inline(always)]
    pub fn set<'v>(&mut self, key: &str, value: impl Into<Value<'v>>) -> &mut Self {
        match &mut self.0 {
            Target::Own { record, limits } => record.set(key, value.into(), limits),
            Target::Foreign(sink) => sink.set(key, value.into()),
        }
        self
    }

    /// Sets an attribute to a text that may not be UTF-8, such as the value of a header. Does nothing if it is
    /// not.
    #[doc(hidden)]
    #[inline(always)]
    pub fn set_utf8(&mut self, key: &str, text: &[u8]) -> &mut Self {
        match &mut self.0 {
            Target::Own { record, limits } => record.set_utf8(key, text, limits),
            Target::Foreign(sink) => {
                if let Ok(text) = std::str::from_utf8(text) {
                    sink.set(key, text.into());
                }
            }
        }
        self
    }

    /// Sets an attribute if there is a value.
    #[inline]
    pub fn set_some<'v, V: Into<Value<'v>>>(&mut self, key: &str, value: Option<V>) -> &mut Self {
        if let Some(value) = value {
            self.set(key, value);
        }
        self
    }

    /// Sets attributes that were encoded before, as if [`set`](Recorder::set) were called for each.
    #[doc(hidden)]
    #[inline]
    pub fn set_prepared(&mut self, attributes: &PreparedAttributes) -> &mut Self {
        match &mut self.0 {
            Target::Own { record, limits } => record.set_prepared(attributes, limits),
            Target::Foreign(sink) => sink.set_prepared(attributes),
        }
        self
    }

    /// Returns when the span started: the given time, or the reading of the clock.
    ///
    /// ```
    /// use tracing_core_lite::TracerProvider;
    /// use tracing_core_lite::span::Timestamp;
    ///
    /// # let provider = TracerProvider::builder().build()?;
    /// let start = Timestamp::now();
    /// let span = provider.tracer("shop").span("place order").with_start_time(start).start();
    /// span.record(|span| assert_eq!(span.start_time(), start));
    /// # Ok::<(), tracing_core_lite::BuildError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn start_time(&self) -> Timestamp {
        match &self.0 {
            Target::Own { record, .. } => record.start_time(),
            Target::Foreign(sink) => sink.start_time(),
        }
    }

    /// Adds an event that happens now.
    #[inline]
    pub fn add_event(&mut self, name: &str, attributes: &[(&str, Value<'_>)]) -> &mut Self {
        self.add_event_at(name, Timestamp::now(), attributes)
    }

    /// Adds an event that happened at `time`.
    #[inline]
    pub fn add_event_at(
        &mut self,
        name: &str,
        time: impl Into<Timestamp>,
        attributes: &[(&str, Value<'_>)],
    ) -> &mut Self {
        let time = time.into();
        match &mut self.0 {
            Target::Own { record, limits } => record.add_event(name, time, attributes, limits),
            Target::Foreign(sink) => sink.event(name, time, attributes),
        }
        self
    }

    /// Adds a link to another span.
    pub fn add_link(&mut self, linked: &SpanContext, attributes: &[(&str, Value<'_>)]) -> &mut Self {
        match &mut self.0 {
            Target::Own { record, limits } => record.add_link(linked, attributes, limits),
            Target::Foreign(sink) => sink.link(linked, attributes),
        }
        self
    }

    /// Adds a FollowsFrom reference: `origin` caused this span and does not wait for it. This is a link with
    /// the attribute `opentracing.ref_type = "follows_from"`, as the OpenTelemetry specification maps
    /// OpenTracing's reference. Does nothing if `origin` is invalid.
    pub fn add_follows_from(&mut self, origin: &SpanContext) -> &mut Self {
        if !origin.is_valid() {
            return self;
        }
        self.add_link(origin, &[(REF_TYPE, Value::Str(FOLLOWS_FROM))])
    }

    /// Sets the status. `Ok` is final, and `Unset` does not replace an error.
    pub fn set_status(&mut self, status: Status) -> &mut Self {
        match &mut self.0 {
            Target::Own { record, .. } => record.set_status(&status),
            Target::Foreign(sink) => sink.status(status),
        }
        self
    }

    /// Whether the span's thread has begun to unwind since the span started.
    #[cfg(feature = "tracing-layer")]
    pub(crate) fn has_panicked(&self) -> bool {
        match &self.0 {
            Target::Own { record, .. } => record.has_panicked(),
            Target::Foreign(_) => false,
        }
    }

    /// Replaces the kind.
    #[cfg(feature = "tracing-layer")]
    pub(crate) fn set_kind(&mut self, kind: &SpanKind) {
        if let Target::Own { record, .. } = &mut self.0 {
            record.set_kind(kind);
        }
    }

    /// Sets the status to an error without a description, unless there is a status.
    #[cfg(feature = "tracing-layer")]
    pub(crate) fn set_error_if_unset(&mut self) {
        if let Target::Own { record, .. } = &mut self.0 {
            record.set_error_if_unset();
        }
    }

    /// Replaces the name.
    pub fn set_name<'v>(&mut self, name: impl Into<SpanName<'v>>) -> &mut Self {
        match &mut self.0 {
            Target::Own { record, .. } => record.set_name(name.into()),
            Target::Foreign(sink) => sink.name(name.into().to_text().into_owned()),
        }
        self
    }

    /// Records that the operation failed: status error, and `error.type`.
    ///
    /// `error_type` is a class of errors with few values, such as a code or the name of a type, and never a
    /// message. The description may be empty. It is cut after 1,024 characters.
    #[doc(hidden)]
    pub fn failed(&mut self, error_type: &str, description: &str) -> &mut Self {
        self.set("error.type", error_type);
        let description = error::description(description);
        match &mut self.0 {
            Target::Own { record, .. } => record.set_error(description),
            Target::Foreign(sink) => sink.status(Status::error(description.to_owned())),
        }
        self
    }

    /// Records that the operation failed with `error`: status error with the message, `error.type` with the
    /// type, and an `exception` event.
    ///
    /// The type is the Rust path. To choose another class, use [`record_error_as`](Recorder::record_error_as).
    pub fn record_error<E: Error + ?Sized>(&mut self, error: &E) -> &mut Self {
        let text = ErrorText::of(error);
        self.failure_text(text.class(), &text)
    }

    /// Like [`record_error`](Recorder::record_error), with `class` as `error.type`: one of few values, such as
    /// `card_declined`.
    pub fn record_error_as<E: Error + ?Sized>(&mut self, class: &str, error: &E) -> &mut Self {
        self.failure_text(class, &ErrorText::of(error))
    }

    pub(super) fn failure_text(&mut self, class: &str, text: &ErrorText) -> &mut Self {
        text.attributes(false, |attributes| {
            self.add_event("exception", attributes);
        });
        self.failed(class, &text.message)
    }

    /// Records an error that was handled, so that the operation itself did not fail. The status stays as it is,
    /// the attribute `error_handled` is true, and the error is an `exception` event.
    pub fn record_handled_error<E: Error + ?Sized>(&mut self, error: &E) -> &mut Self {
        self.handled_text(&ErrorText::of(error))
    }

    pub(super) fn handled_text(&mut self, text: &ErrorText) -> &mut Self {
        text.attributes(true, |attributes| {
            self.add_event("exception", attributes);
        });
        self.set("error_handled", true)
    }

    /// Records an error as [`ClassifiedError`] describes: as a failure, or as an error that was expected.
    pub fn record_classified<E: ClassifiedError + ?Sized>(&mut self, error: &E) -> &mut Self {
        self.classified_text(error.class(), error.is_expected(), &ErrorText::of_classified(error))
    }

    pub(super) fn classified_text(&mut self, class: &str, is_expected: bool, text: &ErrorText) -> &mut Self {
        if is_expected {
            self.handled_text(text).set(HANDLED_CLASS, class)
        } else {
            self.failure_text(class, text)
        }
    }

    /// Records that the operation panicked: status error, `error.type` `panic`, and an `exception` event.
    #[doc(hidden)]
    #[cold]
    pub fn record_panic(&mut self) -> &mut Self {
        self.add_event("exception", &[("exception.type", Value::Str(PANIC))]);
        self.failed(PANIC, "the operation panicked")
    }

    /// Sets attributes of the OpenTelemetry API.
    pub(crate) fn set_otel(&mut self, attributes: impl IntoIterator<Item = impl Borrow<KeyValue>>) {
        for attribute in attributes {
            let attribute = attribute.borrow();
            visit_otel(&attribute.value, |value| {
                self.set(attribute.key.as_str(), value);
            });
        }
    }

    /// Adds an event with attributes of the OpenTelemetry API.
    pub(crate) fn event_otel(&mut self, name: &str, time: SystemTime, attributes: &[KeyValue]) {
        visit_all_otel(attributes, |attributes| {
            self.add_event_at(name, time, attributes);
        });
    }

    /// Adds a link with attributes of the OpenTelemetry API.
    pub(crate) fn link_otel(&mut self, linked: &SpanContext, attributes: &[KeyValue]) {
        visit_all_otel(attributes, |attributes| {
            self.add_link(linked, attributes);
        });
    }
}
