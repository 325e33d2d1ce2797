//! The size of spans as the Collector encodes them.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// Returns the size of a field of a message with a length of `len`.
pub(crate) fn field(len: usize) -> usize {
    1 + prost::length_delimiter_len(len) + len
}

/// Returns the size of a span. The Collector writes a parent and a status even if they are empty.
fn span(span: &Span) -> usize {
    span.encoded_len()
        + if span.parent_span_id.is_empty() { 2 } else { 0 }
        + if span.status.is_none() { 2 } else { 0 }
}

/// Returns the size of one trace's part of a `ResourceSpans`.
pub(crate) fn resource_spans<'a>(
    resource: &Resource,
    scopes: impl IntoIterator<Item = (&'a InstrumentationScope, Vec<&'a Span>)>,
) -> usize {
    let mut size = field(resource.encoded_len());
    for (scope, spans) in scopes {
        let spans: usize = spans.into_iter().map(|it| field(span(it))).sum();
        if spans > 0 {
            size += field(field(scope.encoded_len()) + spans);
        }
    }
    size
}
