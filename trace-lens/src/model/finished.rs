//! Spans of `tracing-core-lite`, for example those of its test kit.

use serde_json::Value as Json;
use tracing_core_lite::SpanKind;
use tracing_core_lite::span::data::{AnyValue, FinishedSpan, StatusData};

use super::kind::{Kind, Status};
use super::record::{RecordValue, SpanRecord};

impl From<&FinishedSpan> for SpanRecord {
    fn from(finished: &FinishedSpan) -> Self {
        let span = &finished.span;
        let mut record = Self::new(
            u128::from_be_bytes(span.trace_id.to_bytes()),
            u64::from_be_bytes(span.span_id.to_bytes()),
        );
        record.parent_id = u64::from_be_bytes(span.parent_span_id.to_bytes());
        record.name.clone_from(&span.name);
        finished.service_name().clone_into(&mut record.service);
        (record.start, record.end) = (span.start_time_unix_nano, span.end_time_unix_nano);
        record.kind = kind(&span.kind);
        record.trace_state.clone_from(&span.trace_state);
        match &span.status {
            StatusData::Unset => {}
            StatusData::Ok => record.status = Status::Ok,
            StatusData::Error(message) => {
                record.status = Status::Error;
                record.message.clone_from(message);
            }
        }
        record.attributes = span.attributes.iter().map(attribute).collect();
        let resource = finished.resource.iter().filter(|(key, _)| key != "service.name");
        record.resource = resource.map(attribute).collect();
        record.events = span.events.iter().map(|it| (it.time_unix_nano, it.name.clone())).collect();
        let links = span.links.iter();
        record.links = links
            .map(|it| {
                let trace = u128::from_be_bytes(it.trace_id.to_bytes());
                (trace, u64::from_be_bytes(it.span_id.to_bytes()), it.is_follows_from())
            })
            .collect();
        record
    }
}

fn kind(kind: &SpanKind) -> Kind {
    match kind {
        SpanKind::Client => Kind::Client,
        SpanKind::Server => Kind::Server,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
        SpanKind::Internal => Kind::Internal,
    }
}

fn attribute((key, value): &(String, AnyValue)) -> (String, RecordValue) {
    let value = match value {
        AnyValue::String(text) => RecordValue::Text(text.clone()),
        AnyValue::Bool(flag) => RecordValue::Bool(*flag),
        AnyValue::Int(number) => RecordValue::Int(*number),
        AnyValue::Double(number) => RecordValue::Double(*number),
        other => RecordValue::Json(json(other).to_string()),
    };
    (key.clone(), value)
}

fn json(value: &AnyValue) -> Json {
    match value {
        AnyValue::String(text) => text.as_str().into(),
        AnyValue::Bool(flag) => (*flag).into(),
        AnyValue::Int(number) => (*number).into(),
        AnyValue::Double(number) => (*number).into(),
        AnyValue::Array(items) => items.iter().map(json).collect(),
        AnyValue::Map(fields) => {
            Json::Object(fields.iter().map(|(key, it)| (key.clone(), json(it))).collect())
        }
        AnyValue::Bytes(bytes) => bytes.as_slice().into(),
        _ => Json::Null,
    }
}
