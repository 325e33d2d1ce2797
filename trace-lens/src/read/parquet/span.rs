//! One row as a span.

use parquet::record::{Field, List, Map, Row as Record};

use crate::model::{AttributeId, Builder, Kind, Row, Status, Value};
use crate::read::id;
use crate::read::sink::Sink;

/// The columns that are read.
pub(super) const COLUMNS: [&str; 22] = [
    "Timestamp",
    "TraceId",
    "SpanId",
    "ParentSpanId",
    "TraceState",
    "SpanName",
    "SpanKind",
    "ServiceName",
    "ResourceAttributes",
    "ScopeName",
    "ScopeVersion",
    "SpanAttributes",
    "Duration",
    "StatusCode",
    "StatusMessage",
    "Events.Timestamp",
    "Events.Name",
    "Events.Attributes",
    "Links.TraceId",
    "Links.SpanId",
    "Links.TraceState",
    "Links.Attributes",
];

/// The fields of the current row.
#[derive(Debug, Default)]
pub(super) struct SpanRow {
    row: Row,
    duration: u64,
    service: String,
    scope: (String, String),
    resource: Vec<AttributeId>,
    events: Events,
    links: Links,
}

#[derive(Debug, Default)]
struct Events {
    times: Vec<u64>,
    names: Vec<String>,
    attributes: Vec<Vec<AttributeId>>,
}

#[derive(Debug, Default)]
struct Links {
    trace_ids: Vec<String>,
    span_ids: Vec<String>,
    attributes: Vec<Vec<AttributeId>>,
}

impl SpanRow {
    /// Adds the span of a row to a sink.
    pub(super) fn read(&mut self, record: &Record, sink: &mut Sink) {
        *self = Self::default();
        for (name, field) in record.get_column_iter() {
            self.field(name, field, &mut sink.builder);
        }
        self.finish(sink);
    }

    fn field(&mut self, name: &str, field: &Field, builder: &mut Builder) {
        let row = &mut self.row;
        match name {
            "Timestamp" => row.start = time(field),
            "TraceId" => row.trace_id = id::trace_id(&text(field)).unwrap_or(0),
            "SpanId" => row.span_id = id::span_id(&text(field)).unwrap_or(0),
            "ParentSpanId" => row.parent = id::span_id(&text(field)).unwrap_or(0),
            "TraceState" => row.trace_state = builder.text(&text(field)),
            "SpanName" => row.name = builder.text(&text(field)),
            "SpanKind" => row.kind = Kind::from_name(&text(field)),
            "ServiceName" => self.service = text(field),
            "ResourceAttributes" => self.resource = attributes(field, builder),
            "ScopeName" => self.scope.0 = text(field),
            "ScopeVersion" => self.scope.1 = text(field),
            "SpanAttributes" => {
                attributes(field, builder).into_iter().for_each(|it| builder.span_attribute(it));
            }
            "Duration" => self.duration = time(field),
            "StatusCode" => row.status = Status::from_name(&text(field)),
            "StatusMessage" => row.message = builder.text(&text(field)),
            "Events.Timestamp" => self.events.times = elements(field).iter().map(time).collect(),
            "Events.Name" => self.events.names = elements(field).iter().map(text).collect(),
            "Events.Attributes" => {
                self.events.attributes = elements(field).iter().map(|it| attributes(it, builder)).collect();
            }
            "Links.TraceId" => self.links.trace_ids = elements(field).iter().map(text).collect(),
            "Links.SpanId" => self.links.span_ids = elements(field).iter().map(text).collect(),
            "Links.Attributes" => {
                self.links.attributes = elements(field).iter().map(|it| attributes(it, builder)).collect();
            }
            _ => {}
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        let builder = &mut sink.builder;
        for (index, &time) in self.events.times.iter().enumerate() {
            let name = builder.text(self.events.names.get(index).map_or("", String::as_str));
            let attributes = self.events.attributes.get(index).map(Vec::as_slice).unwrap_or_default();
            builder.event(time, name, attributes);
        }
        for (index, trace_id) in self.links.trace_ids.iter().enumerate() {
            let span_id = self.links.span_ids.get(index).map_or("", String::as_str);
            let attributes = self.links.attributes.get(index).map(Vec::as_slice).unwrap_or_default();
            let follows = attributes.iter().any(|&it| {
                let (key, value) = builder.read_attribute(it);
                key == "opentracing.ref_type" && value == "follows_from"
            });
            let (trace_id, span_id) =
                (id::trace_id(trace_id).unwrap_or(0), id::span_id(span_id).unwrap_or(0));
            builder.link(trace_id, span_id, follows, attributes);
        }
        let has_service = self.resource.iter().any(|&it| builder.read_attribute(it).0 == "service.name");
        if !has_service && !self.service.is_empty() {
            let service = builder.text_attribute("service.name", &self.service);
            self.resource.insert(0, service);
        }
        self.row.end = self.row.start.saturating_add(self.duration);
        self.row.resource = builder.add_resource(std::mem::take(&mut self.resource));
        self.row.scope = builder.add_scope(&self.scope.0, &self.scope.1);
        sink.span(&self.row);
    }
}

fn text(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Null => String::new(),
        other => other.to_string(),
    }
}

/// Nanoseconds. Numbers without a unit are nanoseconds, as in ClickHouse.
fn time(field: &Field) -> u64 {
    let scaled = |number: i64, scale: u64| u64::try_from(number).unwrap_or(0).saturating_mul(scale);
    match *field {
        Field::Long(nanos) => scaled(nanos, 1),
        Field::ULong(nanos) => nanos,
        Field::Int(nanos) => scaled(nanos.into(), 1),
        Field::UInt(nanos) => nanos.into(),
        Field::TimestampMicros(micros) => scaled(micros, 1_000),
        Field::TimestampMillis(millis) => scaled(millis, 1_000_000),
        _ => 0,
    }
}

fn elements(field: &Field) -> &[Field] {
    if let Field::ListInternal(list) = field { List::elements(list) } else { &[] }
}

fn attributes(field: &Field, builder: &mut Builder) -> Vec<AttributeId> {
    let Field::MapInternal(map) = field else { return Vec::new() };
    Map::entries(map).iter().map(|(key, value)| attribute(&text(key), value, builder)).collect()
}

fn attribute(key: &str, value: &Field, builder: &mut Builder) -> AttributeId {
    let value = match *value {
        Field::Null => Value::Empty,
        Field::Bool(flag) => Value::Bool(flag),
        Field::Long(number) => Value::Int(number),
        Field::Int(number) => Value::Int(number.into()),
        Field::Double(number) => Value::Double(number.to_bits()),
        ref other => Value::Text(builder.text(&text(other))),
    };
    builder.attribute(key, value)
}
