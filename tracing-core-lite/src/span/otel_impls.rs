//! The front door for spans: ours are spans of the OpenTelemetry API.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, Status};

use super::handle::Span;
use super::recorder::Recorder;
use super::slot::SlotHandle;
use super::start_probe;
use crate::clock::Timestamp;

/// A span as a `Context` holds it. It may add to the span and end it, but its drop does not: other clones of the context
/// may live on in tasks that the operation left behind.
#[derive(Debug)]
pub(super) struct ActiveSpan(SlotHandle);

impl ActiveSpan {
    pub(super) fn new(slot: SlotHandle) -> Self {
        Self(slot)
    }

    fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.0.with(|record, engine| write(&mut Recorder::own(record, engine.limits())));
    }

    fn end_by_reference(&self, time: Option<Timestamp>, _write: impl FnOnce(&mut Recorder<'_>)) {
        self.0.end(|| time.unwrap_or_else(Timestamp::now), |_, _| {});
    }

    fn is_recording(&self) -> bool {
        self.0.is_recording()
    }

    fn started(&self) -> Option<Timestamp> {
        self.0.started()
    }

    fn span_context(&self) -> &SpanContext {
        self.0.span_context()
    }
}

/// Both kinds of span answer to the API in the same way.
macro_rules! impl_otel_span {
    ($span:ty) => {
        impl opentelemetry::trace::Span for $span {
            fn add_event_with_timestamp<T>(&mut self, name: T, time: SystemTime, attributes: Vec<KeyValue>)
            where
                T: Into<Cow<'static, str>>,
            {
                self.record(|span| {
                    span.event_otel(&name.into(), time, &attributes);
                });
            }

            fn span_context(&self) -> &SpanContext {
                <$span>::span_context(self)
            }

            fn is_recording(&self) -> bool {
                <$span>::is_recording(self)
            }

            fn set_attribute(&mut self, attribute: KeyValue) {
                self.record(|span| span.set_otel([attribute]));
            }

            fn set_attributes(&mut self, attributes: impl IntoIterator<Item = KeyValue>) {
                self.record(|span| span.set_otel(attributes));
            }

            fn set_status(&mut self, status: Status) {
                if status == Status::Unset {
                    return start_probe::answer(|| self.started());
                }
                self.record(|span| {
                    span.set_status(status);
                });
            }

            fn update_name<T>(&mut self, name: T)
            where
                T: Into<Cow<'static, str>>,
            {
                self.record(|span| {
                    span.set_name(&*name.into());
                });
            }

            fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
                self.record(|span| {
                    span.link_otel(&span_context, &attributes);
                });
            }

            fn end_with_timestamp(&mut self, time: SystemTime) {
                self.end_by_reference(Some(time.into()), |_| {});
            }
        }
    };
}

impl_otel_span!(ActiveSpan);
impl_otel_span!(Span);
