//! Spans that the global OpenTelemetry provider records.

use std::thread;

use opentelemetry::trace::{
    SpanBuilder, SpanContext, Status, TraceContextExt, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue, global};

use super::value::Value;
use crate::clock::Timestamp;

/// A span of the global OpenTelemetry provider, in the context that carries it.
#[derive(Debug)]
pub(super) struct ForeignSpan {
    context: Context,
    /// The API lends it only for the duration of a call.
    span_context: Box<SpanContext>,
    start: Timestamp,
    started_in_panic: bool,
}

impl ForeignSpan {
    /// Starts a child of the span in `parent`, or a root. Its context keeps the values of `values`.
    pub(super) fn start(
        scope: &InstrumentationScope,
        builder: SpanBuilder,
        parent: &Context,
        values: &Context,
        start: Timestamp,
    ) -> Self {
        let tracer = global::tracer_provider().tracer_with_scope(scope.clone());
        let context = values.with_span(tracer.build_with_context(builder, parent));
        let span_context = Box::new(context.span().span_context().clone());
        Self { context, span_context, start, started_in_panic: thread::panicking() }
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
    Building(&'a mut SpanBuilder, Timestamp),
    Started(&'a ForeignSpan),
}

impl ForeignSink<'_> {
    pub(super) fn start_time(&self) -> Timestamp {
        match self {
            Self::Building(_, start) => *start,
            Self::Started(span) => span.start,
        }
    }

    pub(super) fn set(&mut self, key: &str, value: Value<'_>) {
        if key.is_empty() {
            return;
        }
        let attribute = KeyValue::new(key.to_owned(), value.to_otel());
        match self {
            Self::Building(builder, _) => {
                let attributes = builder.attributes.get_or_insert_default();
                attributes.retain(|known| known.key.as_str() != key);
                attributes.push(attribute);
            }
            Self::Started(span) => span.context.span().set_attribute(attribute),
        }
    }

    pub(super) fn event(&mut self, name: &str, time: Timestamp, attributes: &[(&str, Value<'_>)]) {
        let time = Timestamp::from_unix_nanos(time.relative_to(self.start_time())).into();
        let (name, attributes) = (name.to_owned(), to_key_values(attributes));
        match self {
            Self::Building(builder, _) => builder
                .events
                .get_or_insert_default()
                .push(opentelemetry::trace::Event::new(name, time, attributes, 0)),
            Self::Started(span) => span.context.span().add_event_with_timestamp(name, time, attributes),
        }
    }

    pub(super) fn link(&mut self, linked: &SpanContext, attributes: &[(&str, Value<'_>)]) {
        let attributes = to_key_values(attributes);
        match self {
            Self::Building(builder, _) => builder
                .links
                .get_or_insert_default()
                .push(opentelemetry::trace::Link::new(linked.clone(), attributes, 0)),
            Self::Started(span) => span.context.span().add_link(linked.clone(), attributes),
        }
    }

    pub(super) fn status(&mut self, status: Status) {
        // The builder of the API has no status.
        if let Self::Started(span) = self {
            span.context.span().set_status(status);
        }
    }

    pub(super) fn name(&mut self, name: String) {
        match self {
            Self::Building(builder, _) => builder.name = name.into(),
            Self::Started(span) => span.context.span().update_name(name),
        }
    }
}

pub(super) fn to_key_values(attributes: &[(&str, Value<'_>)]) -> Vec<KeyValue> {
    attributes.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.to_otel())).collect()
}
