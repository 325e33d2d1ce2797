//! Our spans as spans of the OpenTelemetry API.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, Status};

use super::active::ActiveSpan;
use super::handle::Span;
use super::start_probe;

/// Both types implement the API in the same way.
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
