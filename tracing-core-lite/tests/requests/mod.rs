//! OTLP requests built with opentelemetry-proto, to compare with.
#![allow(dead_code, unreachable_pub)]

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use prost::Message;
use tracing_core_lite::opentelemetry::trace::{SpanId, SpanKind, TraceId};
use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::span::data::{self, StatusData};

/// Returns a request with `count` spans named `span 0`, `span 1` and so on.
pub fn request(count: usize) -> ExportTraceServiceRequest {
    let spans = (0..count)
        .map(|index| Span {
            trace_id: vec![7; 16],
            span_id: vec![u8::try_from(index % 255 + 1).unwrap(); 8],
            name: format!("span {index}"),
            kind: 2,
            start_time_unix_nano: 1_700_000_000_000_000_000,
            end_time_unix_nano: 1_700_000_000_000_000_500,
            ..Span::default()
        })
        .collect();
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

/// Returns the same request, encoded.
pub fn batch(count: usize) -> Batch {
    Batch::new(Bytes::from(request(count).encode_to_vec()), count)
}

/// A strategy for requests whose ids have the correct length. Doubles are finite, so that requests can be compared.
pub fn any_request() -> impl Strategy<Value = ExportTraceServiceRequest> {
    vec(any_resource_spans(), 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn any_resource_spans() -> impl Strategy<Value = ResourceSpans> {
    (option::of(any_attributes()), vec(any_scope_spans(), 0..3), ".{0,8}").prop_map(
        |(resource, scope_spans, schema_url)| ResourceSpans {
            resource: resource.map(|attributes| Resource { attributes, ..Resource::default() }),
            scope_spans,
            schema_url,
        },
    )
}

fn any_scope_spans() -> impl Strategy<Value = ScopeSpans> {
    let scope = (".{0,8}", ".{0,8}", any_attributes()).prop_map(|(name, version, attributes)| {
        InstrumentationScope { name, version, attributes, ..InstrumentationScope::default() }
    });
    (option::of(scope), vec(any_span(), 0..4), ".{0,8}").prop_map(|(scope, spans, schema_url)| ScopeSpans {
        scope,
        spans,
        schema_url,
    })
}

fn any_span() -> impl Strategy<Value = Span> {
    let ids = (any::<[u8; 16]>(), any::<[u8; 8]>(), any::<[u8; 8]>(), any::<bool>(), ".{0,8}", any::<u32>());
    let body = (".{0,12}", 1..=5i32, any::<u64>(), any::<u64>(), any_attributes());
    let event = (any::<u64>(), ".{0,8}", any_attributes(), any::<u32>()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| span::Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    );
    let link = (any::<[u8; 16]>(), any::<[u8; 8]>(), ".{0,8}", any_attributes(), any::<[u32; 2]>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, [dropped_attributes_count, flags])| span::Link {
            trace_id: id(trace_id),
            span_id: id(span_id),
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    );
    let status = (".{0,8}", 0..=2i32).prop_map(|(message, code)| Status {
        // Only errors have a description (trace API specification). The model cannot store another.
        message: if code == 2 { message } else { String::new() },
        code,
    });
    let rest = (vec(event, 0..3), vec(link, 0..3), option::of(status), any::<[u32; 3]>());
    (ids, body, rest).prop_map(|(ids, body, (events, links, status, dropped))| Span {
        trace_id: id(ids.0),
        span_id: id(ids.1),
        parent_span_id: if ids.3 { id(ids.2) } else { Vec::new() },
        trace_state: ids.4,
        flags: ids.5,
        name: body.0,
        kind: body.1,
        start_time_unix_nano: body.2,
        end_time_unix_nano: body.3,
        attributes: body.4,
        dropped_attributes_count: dropped[0],
        events,
        dropped_events_count: dropped[1],
        links,
        dropped_links_count: dropped[2],
        status,
    })
}

/// An all-zero id means none, which JSON has no other way to express.
fn id<const N: usize>(bytes: [u8; N]) -> Vec<u8> {
    if bytes == [0; N] { Vec::new() } else { bytes.to_vec() }
}

fn any_attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec((".{1,8}", any_value()), 0..4).prop_map(|pairs| pairs.into_iter().map(key_value).collect())
}

fn key_value((key, value): (String, Option<any_value::Value>)) -> KeyValue {
    KeyValue { key, value: value.map(|value| AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn any_value() -> impl Strategy<Value = Option<any_value::Value>> {
    let leaf = prop_oneof![
        any::<String>().prop_map(any_value::Value::StringValue),
        any::<bool>().prop_map(any_value::Value::BoolValue),
        any::<i64>().prop_map(any_value::Value::IntValue),
        (-1e15..1e15f64).prop_map(any_value::Value::DoubleValue),
        vec(any::<u8>(), 0..8).prop_map(any_value::Value::BytesValue),
    ];
    let nested = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|values| any_value::Value::ArrayValue(ArrayValue {
                values: values.into_iter().map(|value| AnyValue { value: Some(value) }).collect(),
            })),
            vec((".{1,4}", inner), 0..3).prop_map(|pairs| any_value::Value::KvlistValue(KeyValueList {
                values: pairs.into_iter().map(|(key, value)| key_value((key, Some(value)))).collect(),
            })),
        ]
    });
    option::weighted(0.95, nested)
}

/// Converts `request` to the model, field by field.
pub fn expected(request: &ExportTraceServiceRequest) -> Vec<data::ResourceSpans> {
    request.resource_spans.iter().map(expected_resource_spans).collect()
}

fn expected_resource_spans(it: &ResourceSpans) -> data::ResourceSpans {
    data::ResourceSpans {
        resource: it.resource.as_ref().map(|resource| attributes(&resource.attributes)).unwrap_or_default(),
        schema_url: it.schema_url.clone(),
        scope_spans: it
            .scope_spans
            .iter()
            .map(|it| data::ScopeSpans {
                scope: it
                    .scope
                    .as_ref()
                    .map(|scope| data::ScopeData {
                        name: scope.name.clone(),
                        version: scope.version.clone(),
                        attributes: attributes(&scope.attributes),
                    })
                    .unwrap_or_default(),
                schema_url: it.schema_url.clone(),
                spans: it.spans.iter().map(expected_span).collect(),
            })
            .collect(),
    }
}

fn expected_span(it: &Span) -> data::SpanData {
    data::SpanData {
        trace_id: trace_id(&it.trace_id),
        span_id: span_id(&it.span_id),
        trace_state: it.trace_state.clone(),
        parent_span_id: span_id(&it.parent_span_id),
        flags: it.flags,
        name: it.name.clone(),
        kind: match it.kind {
            2 => SpanKind::Server,
            3 => SpanKind::Client,
            4 => SpanKind::Producer,
            5 => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        start_time_unix_nano: it.start_time_unix_nano,
        end_time_unix_nano: it.end_time_unix_nano,
        attributes: attributes(&it.attributes),
        dropped_attributes_count: it.dropped_attributes_count,
        events: it
            .events
            .iter()
            .map(|it| data::EventData {
                time_unix_nano: it.time_unix_nano,
                name: it.name.clone(),
                attributes: attributes(&it.attributes),
                dropped_attributes_count: it.dropped_attributes_count,
            })
            .collect(),
        dropped_events_count: it.dropped_events_count,
        links: it
            .links
            .iter()
            .map(|it| data::LinkData {
                trace_id: trace_id(&it.trace_id),
                span_id: span_id(&it.span_id),
                trace_state: it.trace_state.clone(),
                attributes: attributes(&it.attributes),
                dropped_attributes_count: it.dropped_attributes_count,
                flags: it.flags,
            })
            .collect(),
        dropped_links_count: it.dropped_links_count,
        status: match &it.status {
            Some(status) if status.code == 1 => StatusData::Ok,
            Some(status) if status.code == 2 => StatusData::Error(status.message.clone()),
            _ => StatusData::Unset,
        },
    }
}

fn trace_id(bytes: &[u8]) -> TraceId {
    bytes.try_into().map_or(TraceId::INVALID, TraceId::from_bytes)
}

fn span_id(bytes: &[u8]) -> SpanId {
    bytes.try_into().map_or(SpanId::INVALID, SpanId::from_bytes)
}

fn attributes(all: &[KeyValue]) -> Vec<(String, data::AnyValue)> {
    all.iter().map(|it| (it.key.clone(), it.value.as_ref().map_or(data::AnyValue::Empty, value))).collect()
}

fn value(it: &AnyValue) -> data::AnyValue {
    match &it.value {
        Some(any_value::Value::StringValue(it)) => data::AnyValue::String(it.clone()),
        Some(any_value::Value::BoolValue(it)) => data::AnyValue::Bool(*it),
        Some(any_value::Value::IntValue(it)) => data::AnyValue::Int(*it),
        Some(any_value::Value::DoubleValue(it)) => data::AnyValue::Double(*it),
        Some(any_value::Value::ArrayValue(it)) => {
            data::AnyValue::Array(it.values.iter().map(value).collect())
        }
        Some(any_value::Value::KvlistValue(it)) => data::AnyValue::Map(attributes(&it.values)),
        Some(any_value::Value::BytesValue(it)) => data::AnyValue::Bytes(it.clone()),
        _ => data::AnyValue::Empty,
    }
}
