//! Converts finished spans into those of `trace_view`.

use opentelemetry::trace::{SpanId, TraceId};
use trace_view::{Link, Outcome, Span};

use crate::span::data::{AnyValue, FinishedSpan, LinkData, SpanData, StatusData};

impl From<&FinishedSpan> for Span {
    fn from(finished: &FinishedSpan) -> Self {
        let data = &finished.span;
        let mut span = Self::new(number_of_trace(data.trace_id), number_of_span(data.span_id))
            .with_name(&*data.name)
            .with_service(finished.service_name())
            .with_times(data.start_time_unix_nano, data.end_time_unix_nano)
            .with_outcome(outcome(data));
        span.parent_span_id = (!data.is_root()).then(|| number_of_span(data.parent_span_id));
        span.links = data.links.iter().map(link).collect();
        span
    }
}

fn outcome(span: &SpanData) -> Outcome {
    let error_type = || span.attribute("error.type").and_then(AnyValue::as_str).unwrap_or_default();
    match &span.status {
        StatusData::Error(message) => Outcome::failed(error_type(), message),
        _ if span.attribute("error_handled").and_then(AnyValue::as_bool) == Some(true) => {
            Outcome::handled(error_type())
        }
        _ => Outcome::Ok,
    }
}

fn link(link: &LinkData) -> Link {
    let (trace_id, span_id) = (number_of_trace(link.trace_id), number_of_span(link.span_id));
    if link.is_follows_from() { Link::follows_from(trace_id, span_id) } else { Link::new(trace_id, span_id) }
}

fn number_of_trace(id: TraceId) -> u128 {
    u128::from_be_bytes(id.to_bytes())
}

fn number_of_span(id: SpanId) -> u64 {
    u64::from_be_bytes(id.to_bytes())
}
