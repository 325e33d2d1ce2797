//! Where the error of a trace comes from.

use std::collections::HashMap;
use std::fmt;

use tracing_core_lite::opentelemetry::trace::SpanId;
use tracing_core_lite::span::data::{FinishedSpan, StatusData, Value};

/// The span that failed first, deep down, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootCause {
    /// The service.
    pub service: String,
    /// The span's name.
    pub span: String,
    /// The description of its status, or its `error.type` when that is empty.
    pub error: String,
}

impl fmt::Display for RootCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} failed, {}", self.service, self.span, self.error)
    }
}

/// The deepest of the failed spans of a trace; the one that ended first where several are as deep.
///
/// An error travels upwards, so those above it only repeat it. What was cancelled is no cause: somebody above gave it up.
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
    span.span.attribute("error.type").and_then(Value::as_str)
}

fn depth(span: SpanId, parents: &HashMap<SpanId, SpanId>) -> usize {
    // No deeper than there are spans, should the parents go round in a circle.
    std::iter::successors(parents.get(&span), |parent| parents.get(parent)).take(parents.len()).count()
}
