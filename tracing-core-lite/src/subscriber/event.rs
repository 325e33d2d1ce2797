//! Events of `tracing` as span events.

use std::error::Error;
use std::fmt::Debug;
use std::ops::Range;

use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use super::exception::Exception;
use super::fields::attribute_name;
use super::options::Options;
use super::scratch;
use crate::Recorder;
use crate::clock::Timestamp;
use crate::span::Value;

/// An event whose values are formatted.
pub(super) struct SpanEvent {
    time: Timestamp,
    level: Level,
    options: Options,
    has_name: bool,
    name: String,
    /// The texts of the attributes, one after the other.
    texts: String,
    attributes: Vec<(&'static str, Stored)>,
    exception: Option<(&'static str, Exception)>,
    /// The description of the span's status.
    failure: Option<String>,
    log: LogSource,
}

#[derive(Debug, Clone)]
enum Stored {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Range<usize>),
}

/// The origin of a record of the `log` crate, which `tracing-log` passes in fields.
#[derive(Debug, Default)]
struct LogSource {
    target: Option<String>,
    file: Option<String>,
    line: Option<i64>,
}

impl SpanEvent {
    /// Formats the values of `event`. Runs user code.
    pub(super) fn of(event: &Event<'_>, options: Options) -> Self {
        let mut formatted = Self {
            time: Timestamp::now(),
            level: *event.metadata().level(),
            options,
            has_name: false,
            name: String::new(),
            texts: String::new(),
            attributes: Vec::new(),
            exception: None,
            failure: None,
            log: LogSource::default(),
        };
        event.record(&mut formatted);
        if !formatted.has_name {
            formatted.name.push_str(event.metadata().name());
        }
        formatted
    }

    /// Adds the event to `span`, and sets the span's status. Runs no user code.
    pub(super) fn add_to(&self, event: &Event<'_>, span: &mut Recorder<'_>) {
        let metadata = event.metadata();
        let target = self.log.target.as_deref().unwrap_or(metadata.target());
        let stack_trace = self.exception.as_ref().and_then(|(_, exception)| exception.stack_trace());
        let chain_key;
        let mut attributes: Vec<(&str, Value<'_>)> = Vec::with_capacity(self.attributes.len() + 8);
        attributes.push(("level", Value::Str(self.level.as_str())));
        attributes.push(("target", Value::Str(target)));
        attributes.extend(self.attributes.iter().map(|(key, value)| (*key, self.value(value))));
        if let Some((field, exception)) = &self.exception {
            if self.options.error_fields_to_exceptions {
                attributes.extend(exception.kind().map(|kind| ("exception.type", Value::Str(kind))));
                attributes.push(("exception.message", Value::Str(&exception.message)));
                attributes
                    .extend(stack_trace.as_deref().map(|text| ("exception.stacktrace", Value::Str(text))));
            }
            attributes.push((field, Value::Str(&exception.message)));
            if !exception.causes.is_empty() {
                chain_key = format!("{field}.chain");
                attributes.push((&chain_key, Value::StringArray(&exception.causes)));
            }
        }
        if self.options.location {
            let file = self.log.file.as_deref().or(metadata.file());
            let line = self.log.line.or(metadata.line().map(i64::from));
            attributes.extend(file.map(|file| ("code.file.path", Value::Str(file))));
            attributes.extend(line.map(|line| ("code.line.number", Value::Int(line))));
        }
        span.add_event_at(&self.name, self.time, &attributes);
        self.set_status(span);
    }

    fn set_status(&self, span: &mut Recorder<'_>) {
        if let Some(failure) = &self.failure {
            span.set_status(opentelemetry::trace::Status::error(failure.clone()));
        } else if self.level == Level::ERROR {
            span.set_error_if_unset();
        }
    }

    fn value<'a>(&'a self, stored: &Stored) -> Value<'a> {
        match stored {
            Stored::Bool(value) => Value::Bool(*value),
            Stored::Int(value) => Value::Int(*value),
            Stored::Double(value) => Value::Double(*value),
            Stored::Text(range) => Value::Str(self.texts.get(range.clone()).unwrap_or_default()),
        }
    }

    fn push(&mut self, key: &'static str, value: Stored) {
        self.attributes.push((key, value));
    }

    fn push_text(&mut self, key: &'static str, text: &str) {
        let start = self.texts.len();
        self.texts.push_str(text);
        self.push(key, Stored::Text(start..self.texts.len()));
    }

    fn set_name(&mut self, name: &str) {
        self.name.clear();
        self.name.push_str(name);
        self.has_name = true;
    }

    fn text(&mut self, field: &Field, text: &str) {
        match attribute_name(field) {
            "message" => self.set_name(text),
            // `#[instrument(err)]` emits an event whose only field is the error as a text.
            "error" if !self.has_name => self.error_text(text),
            "log.target" => self.log.target = Some(text.to_owned()),
            "log.file" => self.log.file = Some(text.to_owned()),
            "log.module_path" => {}
            name => self.push_text(name, text),
        }
    }

    fn error_text(&mut self, text: &str) {
        if self.options.error_events_to_status {
            self.failure = Some(text.to_owned());
        }
        if self.options.error_events_to_exceptions {
            self.set_name("exception");
            self.push_text("exception.message", text);
        } else {
            self.push_text("error", text);
        }
    }
}

impl Visit for SpanEvent {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(attribute_name(field), Stored::Double(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(attribute_name(field), Stored::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match (i64::try_from(value), field.name()) {
            (Ok(line), "log.line") => self.log.line = Some(line),
            (Ok(value), _) => self.push(attribute_name(field), Stored::Int(value)),
            // OTLP has no larger integer.
            (Err(_), _) => self.record_debug(field, &value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(attribute_name(field), Stored::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let exception = Exception::of(value);
        if !self.has_name && self.options.error_events_to_exceptions {
            self.set_name("exception");
        }
        if self.options.error_events_to_status && self.level == Level::ERROR {
            self.failure = Some(exception.message.clone());
        }
        if self.exception.is_some() {
            // A second error of one event is an attribute.
            return self.push_text(attribute_name(field), &exception.message);
        }
        self.exception = Some((attribute_name(field), exception));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        scratch::with_text(value, |text| self.text(field, text));
    }
}
