//! Spans that the global OpenTelemetry provider records.

use std::thread;

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{Span as _, SpanBuilder, SpanContext, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use super::foreign_attributes::{Batch, Deferred, to_key_values};
use super::prepared::PreparedAttributes;
use super::value::Value;
use crate::clock::Timestamp;

/// A span of the global OpenTelemetry provider, in the context that carries it.
#[derive(Debug)]
pub(super) struct ForeignSpan {
    context: Context,
    /// The API lends it only for the duration of a call.
    span_context: SpanContext,
    start: Timestamp,
    started_in_panic: bool,
}

impl ForeignSpan {
    /// Wraps a span that is recorded. Its context keeps the values of `values`.
    pub(super) fn new(span: BoxedSpan, values: &Context, start: Timestamp) -> Self {
        let span_context = span.span_context().clone();
        Self { context: values.with_span(span), span_context, start, started_in_panic: thread::panicking() }
    }

    pub(super) fn set_attributes(&self, attributes: Vec<KeyValue>) {
        if !attributes.is_empty() {
            self.context.span().set_attributes(attributes);
        }
    }

    pub(super) fn span_context(&self) -> &SpanContext {
        &self.span_context
    }

    pub(super) fn context(&self) -> Context {
        self.context.clone()
    }

    pub(super) fn start_time(&self) -> Timestamp {
        self.start
    }

    /// Whether the span's thread has begun to unwind since the span started.
    pub(super) fn has_panicked(&self) -> bool {
        thread::panicking() && !self.started_in_panic
    }

    pub(super) fn is_recording(&self) -> bool {
        self.context.span().is_recording()
    }

    pub(super) fn end(&self, time: Option<Timestamp>) {
        let time = time.unwrap_or_else(Timestamp::now);
        let end = time.relative_to(self.start).max(self.start.unix_nanos());
        self.context.span().end_with_timestamp(Timestamp::from_unix_nanos(end).into());
    }
}

/// Where the data of such a span goes: into its builder, so that the provider's sampler sees the attributes, or
/// into the span.
#[derive(Debug)]
pub(super) enum ForeignSink<'a> {
    Building { builder: &'a mut SpanBuilder, deferred: &'a mut Deferred, start: Timestamp },
    Started { span: &'a ForeignSpan, attributes: &'a mut Batch },
}

impl ForeignSink<'_> {
    pub(super) fn start_time(&self) -> Timestamp {
        match self {
            Self::Building { start, .. } => *start,
            Self::Started { span, .. } => span.start,
        }
    }

    pub(super) fn set(&mut self, key: &str, value: Value<'_>) {
        if key.is_empty() {
            return;
        }
        match self {
            Self::Building { builder, deferred, .. } => {
                let for_sampler = builder.attributes.get_or_insert_default();
                deferred.attributes.set(for_sampler, key, value);
            }
            Self::Started { attributes, .. } => attributes.set(key, value),
        }
    }

    pub(super) fn set_prepared(&mut self, prepared: &PreparedAttributes) {
        match self {
            Self::Building { builder, deferred, .. } => {
                let for_sampler = builder.attributes.get_or_insert_default();
                deferred.attributes.set_prepared(for_sampler, prepared);
            }
            Self::Started { attributes, .. } => attributes.set_prepared(prepared),
        }
    }

    pub(super) fn event(&mut self, name: &str, time: Timestamp, attributes: &[(&str, Value<'_>)]) {
        let time = Timestamp::from_unix_nanos(time.relative_to(self.start_time())).into();
        let (name, attributes) = (name.to_owned(), to_key_values(attributes));
        match self {
            Self::Building { builder, .. } => builder
                .events
                .get_or_insert_default()
                .push(opentelemetry::trace::Event::new(name, time, attributes, 0)),
            Self::Started { span, .. } => {
                span.context.span().add_event_with_timestamp(name, time, attributes)
            }
        }
    }

    pub(super) fn link(&mut self, linked: &SpanContext, attributes: &[(&str, Value<'_>)]) {
        let attributes = to_key_values(attributes);
        match self {
            Self::Building { builder, .. } => builder
                .links
                .get_or_insert_default()
                .push(opentelemetry::trace::Link::new(linked.clone(), attributes, 0)),
            Self::Started { span, .. } => span.context.span().add_link(linked.clone(), attributes),
        }
    }

    pub(super) fn status(&mut self, status: Status) {
        match self {
            // The builder of the API has no status.
            Self::Building { deferred, .. } => deferred.status = Some(status),
            Self::Started { span, .. } => span.context.span().set_status(status),
        }
    }

    pub(super) fn name(&mut self, name: String) {
        match self {
            Self::Building { builder, .. } => builder.name = name.into(),
            Self::Started { span, .. } => span.context.span().update_name(name),
        }
    }
}
