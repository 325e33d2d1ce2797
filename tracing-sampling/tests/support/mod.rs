//! Encoded traces for tests.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part of it")]

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::span::data::FinishedSpan;

pub(crate) fn value(value: any_value::Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

pub(crate) fn text(key: &str, text: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: value(any_value::Value::StringValue(text.into())),
        ..KeyValue::default()
    }
}

pub(crate) fn int(key: &str, int: i64) -> KeyValue {
    KeyValue { key: key.into(), value: value(any_value::Value::IntValue(int)), ..KeyValue::default() }
}

/// A span of a trace, with a start of 1 s after the epoch.
pub(crate) fn span(trace: u128, id: u64, parent: Option<u64>) -> Span {
    Span {
        trace_id: trace.to_be_bytes().into(),
        span_id: id.to_be_bytes().into(),
        parent_span_id: parent.map(|parent| parent.to_be_bytes().to_vec()).unwrap_or_default(),
        name: "work".into(),
        kind: 1,
        start_time_unix_nano: 1_000_000_000,
        end_time_unix_nano: 1_001_000_000,
        flags: 0x101,
        ..Span::default()
    }
}

pub(crate) fn error() -> Option<Status> {
    Some(Status { code: 2, message: String::new() })
}

pub(crate) fn request(resource: Vec<KeyValue>, spans: Vec<Span>) -> Batch {
    let count = spans.len();
    let resource = Some(Resource { attributes: resource, ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
    Batch::new(ExportTraceServiceRequest { resource_spans }.encode_to_vec().into(), count)
}

pub(crate) fn batch(spans: Vec<Span>) -> Batch {
    request(vec![text("service.name", "shop")], spans)
}

/// Decodes kept spans.
pub(crate) fn decoded(batches: &[Batch]) -> Vec<FinishedSpan> {
    batches.iter().flat_map(|batch| FinishedSpan::flatten(batch.decode().unwrap())).collect()
}
