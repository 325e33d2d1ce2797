//! Errors in fields, as the semantic conventions describe exceptions.

use std::error::Error;
use std::fmt::{self, Debug, Write};

use crate::Recorder;
use crate::layer_support::StackText;
use crate::span::Value;
use crate::span::error::text_of;

/// The maximum number of causes of an error that are recorded.
const CAUSES: usize = 8;

/// The longest name of a type, in bytes.
const TYPE_LENGTH: usize = 128;

/// An error as texts.
#[derive(Debug)]
pub(super) struct Exception {
    kind: StackText<TYPE_LENGTH>,
    pub(super) message: String,
    pub(super) causes: Vec<String>,
}

impl Exception {
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause
            && causes.len() < CAUSES
        {
            causes.push(text_of(&error));
            cause = error.source();
        }
        Self { kind: type_of(error), message: text_of(&error), causes }
    }

    /// Returns the name of the error's type, or nothing if it does not show it.
    pub(super) fn kind(&self) -> Option<&str> {
        Some(self.kind.as_str()).filter(|kind| !kind.is_empty())
    }

    /// Returns the causes as one text.
    pub(super) fn stack_trace(&self) -> Option<String> {
        if self.causes.is_empty() {
            return None;
        }
        Some(self.causes.iter().map(|cause| format!("caused by: {cause}")).collect::<Vec<_>>().join("\n"))
    }

    /// Sets the attributes of a field that is an error: its message, and the causes.
    pub(super) fn set_field(&self, span: &mut Recorder<'_>, name: &str) {
        span.set(name, &self.message);
        if !self.causes.is_empty() {
            span.set(&format!("{name}.chain"), &self.causes);
        }
    }

    /// Adds an exception event to a span.
    pub(super) fn add_event(&self, span: &mut Recorder<'_>) {
        let stack_trace = self.stack_trace();
        let attributes: Vec<(&str, Value<'_>)> = [
            self.kind().map(|kind| ("exception.type", Value::Str(kind))),
            Some(("exception.message", Value::Str(&self.message))),
            stack_trace.as_deref().map(|causes| ("exception.stacktrace", Value::Str(causes))),
        ]
        .into_iter()
        .flatten()
        .collect();
        span.add_event("exception", &attributes);
    }
}

/// Returns the name at the start of the error's `Debug` text. The type itself is unknown here, and derived implementations
/// start with the name of the type or of the variant.
fn type_of(error: &(dyn Error + 'static)) -> StackText<TYPE_LENGTH> {
    if error.is::<std::io::Error>() {
        let mut name = StackText::new();
        name.push("std::io::Error");
        return name;
    }
    let mut name = Name(StackText::new());
    // The text after the name is an error on purpose, so that it is not formatted.
    let _stopped = write!(name, "{error:?}");
    name.0
}

/// Keeps a text up to the first character that cannot be part of a type's name.
struct Name(StackText<TYPE_LENGTH>);

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        self.0.push(&text[..end]);
        if end < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}
