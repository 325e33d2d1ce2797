//! The fields of a span as attributes.

use std::error::Error;
use std::fmt::Debug;

use opentelemetry::trace::{SpanKind, Status};
use tracing::field::{Field, Visit};

use super::exception::Exception;
use super::options::Options;
use super::scratch;
use crate::Recorder;
use crate::span::Value;

/// The destination of attributes. A field's text is formatted first, so that nothing is locked while user code runs.
pub(super) trait Target {
    fn write(&mut self, write: impl FnOnce(&mut Recorder<'_>));
}

impl Target for Recorder<'_> {
    #[inline]
    fn write(&mut self, write: impl FnOnce(&mut Recorder<'_>)) {
        write(self);
    }
}

/// Writes fields to a span.
pub(super) struct SpanFields<'a, T> {
    pub(super) target: &'a mut T,
    pub(super) options: Options,
}

/// Returns the name of an attribute: `type` for `r#type`.
#[inline]
pub(super) fn attribute_name(field: &Field) -> &'static str {
    let name = field.name();
    name.strip_prefix("r#").unwrap_or(name)
}

impl<T: Target> SpanFields<'_, T> {
    #[inline]
    fn set<'v>(&mut self, field: &Field, value: impl Into<Value<'v>>) {
        let name = attribute_name(field);
        self.target.write(|span| {
            span.set(name, value);
        });
    }

    #[inline]
    fn text(&mut self, field: &Field, text: &str) {
        match field.name() {
            name if !name.starts_with("otel.") => self.set(field, text),
            name => self.special(name, field, text),
        }
    }

    #[cold]
    fn special(&mut self, name: &str, field: &Field, text: &str) {
        match name {
            "otel.name" => self.target.write(|span| {
                span.set_name(text);
            }),
            "otel.kind" => {
                if let Some(kind) = kind(text) {
                    self.target.write(|span| span.set_kind(&kind));
                }
            }
            "otel.status_code" if text.eq_ignore_ascii_case("ok") => self.target.write(|span| {
                span.set_status(Status::Ok);
            }),
            "otel.status_code" if text.eq_ignore_ascii_case("error") => {
                self.target.write(|span| span.set_error_if_unset());
            }
            "otel.status_code" => {}
            "otel.status_description" => self.target.write(|span| {
                span.set_status(Status::error(text.to_owned()));
            }),
            _ => self.set(field, text),
        }
    }
}

impl<T: Target> Visit for SpanFields<'_, T> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.set(field, value),
            // OTLP has no larger integer.
            Err(_) => self.record_debug(field, &value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let exception = Exception::of(value);
        let name = attribute_name(field);
        let options = self.options;
        self.target.write(|span| {
            exception.set_field(span, name);
            if options.error_fields_to_exceptions {
                exception.add_event(span);
            }
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        scratch::with_text(value, |text| self.text(field, text));
    }
}

fn kind(text: &str) -> Option<SpanKind> {
    let kinds = [
        ("internal", SpanKind::Internal),
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
    ];
    kinds.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
}
