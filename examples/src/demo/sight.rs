//! One thing that the demo's traces show.

use std::time::Duration;

use tracing_core_lite::span::data::{AnyValue, FinishedSpan};

/// Something that the demo's traces show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// What it is.
    pub what: &'static str,
    /// Where the traces show it, or what they show instead.
    pub seen: Result<String, String>,
}

/// Returns the text attribute `key` of `span`.
pub(super) fn text<'a>(span: &'a FinishedSpan, key: &str) -> Option<&'a str> {
    span.span.attribute(key).and_then(AnyValue::as_str)
}

/// Formats a duration as milliseconds.
pub(super) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
