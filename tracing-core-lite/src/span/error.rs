//! What spans say about errors, and the current span for code that has no span at hand.

use std::error::Error;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, Status, TraceContextExt};

use super::value::Value;

/// Causes of an error that are put into its exception event, at most.
const CAUSES: usize = 8;

/// A type's name is a class of errors; its message is not.
pub(super) fn error_type<E: ?Sized>() -> &'static str {
    std::any::type_name::<E>()
}

/// Hands `visit` the attributes of an `exception` event ("Semantic conventions for exceptions on spans").
pub(super) fn exception_attributes<E: Error + ?Sized>(
    error: &E,
    message: &str,
    visit: impl FnOnce(&[(&str, Value<'_>)]),
) {
    let mut causes = String::new();
    let mut cause = error.source();
    for _ in 0..CAUSES {
        let Some(error) = cause else { break };
        causes.push_str(if causes.is_empty() { "caused by: " } else { "\ncaused by: " });
        causes.push_str(&error.to_string());
        cause = error.source();
    }
    let mut attributes =
        vec![("exception.type", Value::Str(error_type::<E>())), ("exception.message", Value::Str(message))];
    if !causes.is_empty() {
        attributes.push(("exception.stacktrace", Value::Str(&causes)));
    }
    visit(&attributes);
}

/// The span of [`Context::current`], whoever records it: for handlers that want to add to the span of a layer.
///
/// ```
/// tracing_core_lite::span::current_span().set("shop.customer.tier", "gold");
/// ```
#[must_use]
pub fn current_span() -> CurrentSpan {
    CurrentSpan(Context::current())
}

/// See [`current_span`].
#[derive(Debug, Clone)]
pub struct CurrentSpan(Context);

impl CurrentSpan {
    /// The ids of the span; invalid when there is none.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.0.span().span_context().clone()
    }

    /// Whether anything that is set now will be seen.
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
    pub fn event(&self, name: &str, attributes: &[(&str, Value<'_>)]) {
        if self.is_recording() {
            self.0.span().add_event(name.to_owned(), super::foreign::to_key_values(attributes));
        }
    }

    /// Records that the operation failed with `error`: status error with its message, `error.type`, and an `exception`
    /// event.
    pub fn failure<E: Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let message = error.to_string();
            exception_attributes(error, &message, |attributes| self.event("exception", attributes));
            self.set("error.type", error_type::<E>());
            self.0.span().set_status(Status::error(message));
        }
    }

    /// Records that `error` occurred and was dealt with: `error_handled` is true, and the error is an `exception` event.
    pub fn handled_error<E: Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let message = error.to_string();
            exception_attributes(error, &message, |attributes| {
                let mut with_flag = attributes.to_vec();
                with_flag.push(("error_handled", Value::Bool(true)));
                self.event("exception", &with_flag);
            });
            self.set("error_handled", true);
        }
    }
}
