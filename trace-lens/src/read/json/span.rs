//! One span in JSON, as OTLP, Jaeger, Zipkin v2 or an SDK's console writes it.

use std::collections::HashMap;

use serde::de::MapAccess;

use super::attributes::AttributesSeed;
use super::events::Events;
use super::references::{Reference, References};
use super::scalar::{Scalar, saturate};
use super::walk::{Each, Object, skip};
use crate::model::{AttributeId, Kind, Row, Status, Text};
use crate::read::sink::Sink;
use crate::read::{id, time};

/// The process ids of a Jaeger trace, and their resources.
pub(crate) type Processes = HashMap<String, u32>;

/// Reads spans into a sink.
///
/// The names of fields differ between tools, but do not clash: one reader knows them all.
pub(crate) struct SpanObject<'s> {
    pub(crate) sink: &'s mut Sink,
    pub(crate) processes: &'s mut Processes,
    pub(crate) state: &'s mut SpanState,
    /// The resource of spans that do not name their own.
    pub(crate) resource: Option<u32>,
    pub(crate) scope: u32,
}

/// The fields of the current span that were read. Its events are already in the builder.
#[derive(Default)]
pub(crate) struct SpanState {
    fields: Fields,
    attributes: Vec<AttributeId>,
    references: Vec<Reference>,
    own_resource: Vec<AttributeId>,
}

impl SpanState {
    pub(crate) fn clear(&mut self) {
        self.fields = Fields::default();
        self.attributes.clear();
        self.references.clear();
        self.own_resource.clear();
    }
}

/// The scalar fields of a span.
#[derive(Default)]
struct Fields {
    row: Row,
    start: i128,
    end: Option<i128>,
    duration: Option<i128>,
    resource: Option<u32>,
    /// Whether tags may hold what OTLP has fields for.
    has_tags: bool,
}

impl SpanObject<'_> {
    fn attributes<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        map.next_value_seed(AttributesSeed {
            builder: &mut self.sink.builder,
            into: &mut self.state.attributes,
        })
    }

    /// The resource of a Jaeger process id, which may be described later.
    fn process(&mut self, process: &str) {
        let resource = match self.processes.get(process) {
            Some(&known) => known,
            None => {
                let new = self.sink.builder.open_resource();
                self.processes.insert(process.to_owned(), new);
                new
            }
        };
        self.state.fields.resource = Some(resource);
    }

    fn ids<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let text = map.next_value::<Scalar<'de>>()?.into_text();
        let row = &mut self.state.fields.row;
        match key {
            "traceId" | "traceID" | "trace_id" | "TraceID" => row.trace_id = id::trace_id(&text).unwrap_or(0),
            "parentSpanId" | "parentSpanID" | "parent_span_id" | "parentId" | "parentID" | "parent_id" => {
                row.parent = id::span_id(&text).unwrap_or(0);
            }
            _ => row.span_id = id::span_id(&text).unwrap_or(0),
        }
        Ok(())
    }

    fn times<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let value = map.next_value::<Scalar<'de>>()?;
        let fields = &mut self.state.fields;
        match key {
            "startTimeUnixNano" | "start_time_unix_nano" => fields.start = value.int().unwrap_or(0),
            "endTimeUnixNano" | "end_time_unix_nano" => fields.end = value.int(),
            "durationNanos" | "duration_nano" => fields.duration = value.int(),
            "duration" => fields.duration = micros_or(&value, time::duration),
            "end_time" | "EndTime" | "endTime" => fields.end = micros_or(&value, time::rfc3339),
            _ => fields.start = micros_or(&value, time::rfc3339).unwrap_or(0),
        }
        Ok(())
    }

    fn status<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let mut status = StatusObject { sink: self.sink, row: &mut self.state.fields.row };
        map.next_value_seed(Each(&mut status))
    }

    /// A Zipkin endpoint, or a process that is written into the span.
    fn endpoint<'de, A: MapAccess<'de>>(&mut self, is_local: bool, map: &mut A) -> Result<(), A::Error> {
        let into = if is_local { &mut self.state.own_resource } else { &mut self.state.attributes };
        map.next_value_seed(Each(&mut Endpoint { sink: self.sink, into, is_local }))
    }
}

/// Numbers are microseconds; text is read by `parse`, else as microseconds too.
fn micros_or(value: &Scalar<'_>, parse: fn(&str) -> Option<u64>) -> Option<i128> {
    if let Scalar::Text(text) = value
        && let Some(nanos) = parse(text)
    {
        return Some(i128::from(nanos));
    }
    if let Scalar::Double(number) = value {
        #[allow(clippy::cast_possible_truncation)]
        return Some((number * 1e3) as i128);
    }
    value.int().map(|micros| micros.saturating_mul(1_000))
}

impl<'de> Object<'de> for SpanObject<'_> {
    fn begin(&mut self) {
        self.sink.builder.discard_open();
        self.state.clear();
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "traceId" | "traceID" | "trace_id" | "TraceID" | "spanId" | "spanID" | "span_id" | "SpanID"
            | "id" | "parentSpanId" | "parentSpanID" | "parent_span_id" | "parentId" | "parentID"
            | "parent_id" => {
                self.ids(key, map)?;
            }
            "startTimeUnixNano"
            | "endTimeUnixNano"
            | "start_time_unix_nano"
            | "end_time_unix_nano"
            | "startTime"
            | "start_time"
            | "StartTime"
            | "endTime"
            | "end_time"
            | "EndTime"
            | "timestamp"
            | "duration"
            | "durationNanos"
            | "duration_nano" => self.times(key, map)?,
            "name" | "Name" | "operationName" | "operation_name" => {
                let name = map.next_value::<Scalar<'de>>()?.into_text();
                self.state.fields.row.name = self.sink.builder.text(&name);
            }
            "kind" | "SpanKind" | "spanKind" => {
                self.state.fields.row.kind = match map.next_value::<Scalar<'de>>()? {
                    Scalar::Text(name) => Kind::from_name(&name),
                    number => Kind::from_otlp(number.unsigned()),
                };
            }
            "attributes" | "Attributes" => self.attributes(map)?,
            "tags" | "tag" => {
                self.state.fields.has_tags = true;
                self.attributes(map)?;
            }
            "status" | "Status" => self.status(map)?,
            "traceState" | "trace_state" => {
                let state = map.next_value::<Scalar<'de>>()?.into_text();
                self.state.fields.row.trace_state = self.sink.builder.text(&state);
            }
            #[allow(clippy::cast_possible_truncation)]
            "flags" => self.state.fields.row.flags = map.next_value::<Scalar<'de>>()?.unsigned() as u32,
            "events" | "Events" | "logs" | "annotations" => {
                map.next_value_seed(Each(&mut Events::new(&mut self.sink.builder, key)))?;
            }
            "links" | "Links" | "references" => {
                let is_reference = key == "references";
                let mut list =
                    References::new(&mut self.sink.builder, &mut self.state.references, is_reference);
                map.next_value_seed(Each(&mut list))?;
            }
            "processID" | "processId" | "process_id" => {
                let process = map.next_value::<Scalar<'de>>()?.into_text();
                self.process(&process);
            }
            "context" | "SpanContext" => {
                map.next_value_seed(Each(&mut Context { row: &mut self.state.fields.row }))?
            }
            "localEndpoint" | "process" | "resource" | "Resource" => self.endpoint(true, map)?,
            "remoteEndpoint" => self.endpoint(false, map)?,
            _ => skip(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        self.take_context_from_tags();
        let fields = &mut self.state.fields;
        let (start, mut parent) = (fields.start, fields.row.parent);
        let end = fields.end.or(fields.duration.map(|it| start.saturating_add(it))).unwrap_or(start);
        (fields.row.start, fields.row.end) = (saturate(start), saturate(end));
        for reference in &self.state.references {
            reference.settle(&mut self.sink.builder, fields.row.trace_id, &mut parent);
        }
        fields.row.parent = parent;
        fields.row.scope = if fields.row.scope == 0 { self.scope } else { fields.row.scope };
        fields.row.resource = match fields.resource {
            Some(resource) => resource,
            None if !self.state.own_resource.is_empty() => {
                self.sink.builder.add_resource(std::mem::take(&mut self.state.own_resource))
            }
            None => self.resource.unwrap_or_else(|| self.sink.builder.add_resource(Vec::new())),
        };
        for &attribute in &self.state.attributes {
            self.sink.builder.span_attribute(attribute);
        }
        self.sink.span(&self.state.fields.row);
    }
}

impl SpanObject<'_> {
    /// Jaeger and Zipkin write kind, status and scope as tags.
    fn take_context_from_tags(&mut self) {
        if !self.state.fields.has_tags {
            return;
        }
        let builder = &mut self.sink.builder;
        let row = &mut self.state.fields.row;
        let (mut scope_name, mut scope_version) = (String::new(), String::new());
        let mut is_error = false;
        self.state.attributes.retain(|&id| {
            let (key, value) = builder.read_attribute(id);
            match key {
                "span.kind" => row.kind = Kind::from_name(&value),
                "otel.status_code" => row.status = Status::from_name(&value),
                "error" => is_error = !value.eq_ignore_ascii_case("false"),
                "otel.scope.name" | "otel.library.name" => scope_name = value.into_owned(),
                "otel.scope.version" | "otel.library.version" => scope_version = value.into_owned(),
                "internal.span.format" => {}
                _ => return true,
            }
            // Zipkin's error tag is a message, and stays.
            key == "error" && !matches!(&*builder.read_attribute(id).1, "true" | "false" | "")
        });
        let (message, state) = (
            builder.find(&self.state.attributes, "otel.status_description"),
            builder.find(&self.state.attributes, "w3c.tracestate"),
        );
        self.state.attributes.retain(|&id| {
            !matches!(builder.read_attribute(id).0, "otel.status_description" | "w3c.tracestate")
        });
        if !message.is_empty() {
            row.message = message;
        }
        if !state.is_empty() {
            row.trace_state = state;
        }
        if is_error {
            row.status = Status::Error;
            if row.message == Text::EMPTY {
                row.message = builder.find(&self.state.attributes, "error");
            }
        }
        if !scope_name.is_empty() {
            row.scope = builder.add_scope(&scope_name, &scope_version);
        }
    }
}

/// `{"trace_id": "…", "span_id": "…"}`, in the output of console exporters.
struct Context<'s> {
    row: &'s mut Row,
}

impl<'de> Object<'de> for Context<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "trace_id" | "traceId" | "TraceID" => {
                let text = map.next_value::<Scalar<'de>>()?.into_text();
                self.row.trace_id = id::trace_id(&text).unwrap_or(0);
            }
            "span_id" | "spanId" | "SpanID" => {
                let text = map.next_value::<Scalar<'de>>()?.into_text();
                self.row.span_id = id::span_id(&text).unwrap_or(0);
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// `{"code": 2, "message": "…"}`.
struct StatusObject<'s> {
    sink: &'s mut Sink,
    row: &'s mut Row,
}

impl<'de> Object<'de> for StatusObject<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "code" | "Code" | "status_code" => {
                self.row.status = match map.next_value::<Scalar<'de>>()? {
                    Scalar::Text(name) => Status::from_name(&name),
                    number => Status::from_otlp(number.unsigned()),
                };
            }
            "message" | "Description" | "description" => {
                let message = map.next_value::<Scalar<'de>>()?.into_text();
                self.row.message = self.sink.builder.text(&message);
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// `{"serviceName": "…", "ipv4": "…", "tags": […]}`.
struct Endpoint<'s> {
    sink: &'s mut Sink,
    into: &'s mut Vec<AttributeId>,
    is_local: bool,
}

impl<'de> Object<'de> for Endpoint<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let builder = &mut self.sink.builder;
        let name = match (key, self.is_local) {
            ("serviceName" | "service_name", true) => "service.name",
            ("serviceName" | "service_name", false) => "peer.service",
            ("ipv4" | "ipv6", true) => "host.ip",
            ("ipv4" | "ipv6", false) => "network.peer.address",
            ("port", false) => "network.peer.port",
            ("tags" | "attributes" | "Attributes", true) => {
                return map.next_value_seed(AttributesSeed { builder, into: self.into });
            }
            _ => return skip(map),
        };
        match map.next_value::<Scalar<'de>>()? {
            Scalar::Null => {}
            Scalar::Unsigned(port) => {
                let port = i64::try_from(port).unwrap_or(i64::MAX);
                self.into.push(builder.attribute(name, crate::model::Value::Int(port)));
            }
            text => self.into.push(builder.text_attribute(name, &text.into_text())),
        }
        Ok(())
    }
}
