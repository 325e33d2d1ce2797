//! Errors on spans, and the current span for code that has no span at hand.

use std::backtrace::BacktraceStatus;
use std::error::Error;
use std::fmt::{self, Write as _};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, Status, TraceContextExt};

use super::classified_error::ClassifiedError;
use super::value::Value;

/// The longest description of a status, in characters.
const DESCRIPTION_LENGTH: usize = 1024;

/// The most causes of an error in its exception event.
const CAUSES: usize = 8;

/// The maximum length of a stack in an exception event, in characters.
const STACK_LENGTH: usize = 16 * 1024;

/// The class of an error that was handled. Defined by this suite: by the conventions, `error.type` means a failure.
pub(super) const HANDLED_CLASS: &str = "tracing_suite.handled_error.class";

/// Returns `value` as a text. If its implementation fails, what it has written stays; `to_string` would panic.
pub(crate) fn text_of(value: &dyn fmt::Display) -> String {
    let mut text = String::new();
    let _failed = write!(text, "{value}");
    text
}

fn error_type<E: ?Sized>() -> &'static str {
    std::any::type_name::<E>()
}

/// The texts of an error. They are created before a span is locked, because `Display` may run user code.
pub(super) struct ErrorText {
    kind: &'static str,
    pub(super) message: String,
    causes: String,
}

impl ErrorText {
    pub(super) fn of<E: Error + ?Sized>(error: &E) -> Self {
        let mut causes = String::new();
        let mut cause = error.source();
        for _ in 0..CAUSES {
            let Some(error) = cause else { break };
            causes.push_str(if causes.is_empty() { "caused by: " } else { "\ncaused by: " });
            causes.push_str(&text_of(&error));
            cause = error.source();
        }
        Self { kind: error_type::<E>(), message: text_of(&error), causes }
    }

    /// Returns the texts of an error, with its stack if it is a failure and has one.
    pub(super) fn of_classified<E: ClassifiedError + ?Sized>(error: &E) -> Self {
        let mut text = Self::of(error);
        let stack = error.backtrace().filter(|stack| stack.status() == BacktraceStatus::Captured);
        if let Some(stack) = stack.filter(|_| !error.is_expected()) {
            if !text.causes.is_empty() {
                text.causes.push('\n');
            }
            text.causes.push_str(super::encode::truncate(&stack.to_string(), Some(STACK_LENGTH)));
        }
        text
    }

    /// Returns the type's name, which is a class of errors.
    pub(super) fn class(&self) -> &'static str {
        self.kind
    }

    /// Calls `visit` with the attributes of an `exception` event ("Semantic conventions for exceptions on
    /// spans").
    pub(super) fn attributes(&self, handled: bool, visit: impl FnOnce(&[(&str, Value<'_>)])) {
        let all = [
            ("exception.type", Value::Str(self.kind)),
            ("exception.message", Value::Str(&self.message)),
            ("exception.stacktrace", Value::Str(&self.causes)),
            ("error_handled", Value::Bool(true)),
        ];
        let wanted = |(key, _): &&(&str, Value<'_>)| match *key {
            "exception.stacktrace" => !self.causes.is_empty(),
            "error_handled" => handled,
            _ => true,
        };
        visit(&all.iter().filter(wanted).copied().collect::<Vec<_>>());
    }
}

/// Cuts the description of a status.
pub(super) fn description(text: &str) -> &str {
    super::encode::truncate(text, Some(DESCRIPTION_LENGTH))
}

/// Returns the span of [`Context::current`], for handlers that add to the span of a layer. It may belong to any
/// OpenTelemetry SDK.
///
/// ```
/// tracing_core_lite::span::current_span().set("shop.customer.tier", "gold");
/// ```
#[must_use]
pub fn current_span() -> CurrentSpan {
    CurrentSpan(Context::current())
}

/// The span that is current; see [`current_span`].
#[derive(Debug, Clone)]
pub struct CurrentSpan(Context);

impl CurrentSpan {
    /// Returns the span context, which is invalid if there is no span.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.0.span().span_context().clone()
    }

    /// Returns whether the span is recorded and has not ended.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.0.span().is_recording()
    }

    /// Sets one attribute.
    pub fn set<'a>(&self, key: &str, value: impl Into<Value<'a>>) {
        if self.is_recording() {
            self.0.span().set_attribute(opentelemetry::KeyValue::new(key.to_owned(), value.into().to_otel()));
        }
    }

    /// Adds an event that happens now.
    pub fn add_event(&self, name: &str, attributes: &[(&str, Value<'_>)]) {
        if self.is_recording() {
            self.0.span().add_event(name.to_owned(), super::foreign_attributes::to_key_values(attributes));
        }
    }

    /// Records that the operation failed with `error`: status error with its message, cut after 1,024 characters,
    /// `error.type`, and an `exception` event.
    pub fn record_error<E: Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let text = ErrorText::of(error);
            self.failure_text(text.class(), &text);
        }
    }

    /// Like [`record_error`](CurrentSpan::record_error), with `class` as `error.type`: one of few values, such
    /// as `card_declined`.
    pub fn record_error_as<E: Error + ?Sized>(&self, class: &str, error: &E) {
        if self.is_recording() {
            self.failure_text(class, &ErrorText::of(error));
        }
    }

    /// Records an error as [`ClassifiedError`] describes: as a failure, or as an error that was expected.
    pub fn record_classified<E: ClassifiedError + ?Sized>(&self, error: &E) {
        if !self.is_recording() {
            return;
        }
        let text = ErrorText::of_classified(error);
        if error.is_expected() {
            self.handled_text(&text);
            self.set(HANDLED_CLASS, error.class());
        } else {
            self.failure_text(error.class(), &text);
        }
    }

    fn failure_text(&self, class: &str, text: &ErrorText) {
        text.attributes(false, |attributes| self.add_event("exception", attributes));
        self.set("error.type", class);
        self.0.span().set_status(Status::error(description(&text.message).to_owned()));
    }

    /// Records an error that was handled: `error_handled` is true, and the error is an `exception` event.
    pub fn record_handled_error<E: Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            self.handled_text(&ErrorText::of(error));
        }
    }

    fn handled_text(&self, text: &ErrorText) {
        text.attributes(true, |attributes| self.add_event("exception", attributes));
        self.set("error_handled", true);
    }
}
