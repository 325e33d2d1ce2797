//! Finds the span in which the error of a trace began.

use std::collections::HashMap;
use std::fmt;

use tracing_core_lite::opentelemetry::trace::SpanId;
use tracing_core_lite::span::data::{AnyValue, FinishedSpan, StatusData};

/// The span in which the error of a trace began, and the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootCause {
    /// The service.
    pub service: String,
    /// The span's name.
    pub span: String,
    /// The description of its status, or its `error.type` if that is empty.
    pub error: String,
}

impl fmt::Display for RootCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} failed, {}", self.service, self.span, self.error)
    }
}

/// Returns the deepest failed span of a trace, or the first one to end of several at that depth.
///
/// An error travels up the tree, so the failed spans above only repeat it. A cancelled span is not a cause: a caller further up
/// stopped waiting.
pub fn root_cause(trace: &[FinishedSpan]) -> Option<RootCause> {
    let parents: HashMap<SpanId, SpanId> =
        trace.iter().map(|it| (it.span.span_id, it.span.parent_span_id)).collect();
    let cancelled = |it: &FinishedSpan| error_type(it) == Some("cancelled");
    let failed = trace.iter().filter(|it| it.span.is_error() && !cancelled(it));
    let deepest = failed
        .max_by_key(|it| (depth(it.span.span_id, &parents), std::cmp::Reverse(it.span.end_time_unix_nano)))?;
    Some(RootCause {
        service: deepest.service_name().to_owned(),
        span: deepest.span.name.clone(),
        error: message(deepest),
    })
}

fn message(failed: &FinishedSpan) -> String {
    match &failed.span.status {
        StatusData::Error(description) if !description.is_empty() => description.clone(),
        _ => error_type(failed).unwrap_or("error").to_owned(),
    }
}

fn error_type(span: &FinishedSpan) -> Option<&str> {
    span.span.attribute("error.type").and_then(AnyValue::as_str)
}

fn depth(span: SpanId, parents: &HashMap<SpanId, SpanId>) -> usize {
    // The limit ends the walk if the parents form a circle.
    std::iter::successors(parents.get(&span), |parent| parents.get(parent)).take(parents.len()).count()
}
