//! One span in JSON, as OTLP, Jaeger, Zipkin v2 or an SDK's console writes it.

use std::collections::HashMap;

use serde::de::MapAccess;

use super::attributes::AttributesSeed;
use super::events::Events;
use super::nested::{Context, Endpoint, StatusObject};
use super::references::{Reference, References};
use super::scalar::{MOST_MICROS, Scalar, saturate};
use super::walk::{Each, Object, skip};
use super::zipkin_v1::{Annotations, BinaryAnnotations, Sides};
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
    sides: Sides,
}

impl SpanState {
    pub(crate) fn clear(&mut self) {
        self.fields = Fields::default();
        self.attributes.clear();
        self.references.clear();
        self.own_resource.clear();
        self.sides.clear();
    }

    /// Returns whether the span has an id, or that of a trace.
    pub(crate) fn has_id(&self) -> bool {
        self.fields.row.trace_id != 0 || self.fields.row.span_id != 0
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
    /// Whether times without a unit are nanoseconds, and not microseconds.
    is_nanos: bool,
    /// Whether `start`, `end` and `duration` came without a unit.
    is_plain: [bool; 3],
}

impl Fields {
    /// Some tools write nanoseconds where others write microseconds. What would be beyond the year 5000 is nanoseconds.
    fn settle_unit(&mut self) {
        self.is_nanos |= self.is_plain[0] && self.start >= MOST_MICROS * 1_000;
        if self.is_nanos {
            let [start, end, duration] = self.is_plain;
            self.start /= if start { 1_000 } else { 1 };
            self.end = self.end.map(|it| it / if end { 1_000 } else { 1 });
            self.duration = self.duration.map(|it| it / if duration { 1_000 } else { 1 });
        }
    }
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
            // Datadog's.
            "start" => (fields.start, fields.is_nanos) = (value.int().unwrap_or(0), true),
            "duration" => (fields.duration, fields.is_plain[2]) = micros_or(&value, time::duration),
            "end_time" | "EndTime" | "endTime" => {
                (fields.end, fields.is_plain[1]) = micros_or(&value, time::rfc3339);
            }
            _ => {
                let (start, is_plain) = micros_or(&value, time::rfc3339);
                (fields.start, fields.is_plain[0]) = (start.unwrap_or(0), is_plain);
            }
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

/// Returns nanoseconds, and whether the value was without a unit: numbers are microseconds; text is read by `parse`, else as
/// microseconds too.
fn micros_or(value: &Scalar<'_>, parse: fn(&str) -> Option<u64>) -> (Option<i128>, bool) {
    if let Scalar::Text(text) = value
        && let Some(nanos) = parse(text)
    {
        return (Some(i128::from(nanos)), false);
    }
    if let Scalar::Double(number) = value {
        #[allow(clippy::cast_possible_truncation)]
        return (Some((number * 1e3) as i128), true);
    }
    (value.int().map(|micros| micros.saturating_mul(1_000)), true)
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
            | "start"
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
            "tags" | "tag" | "meta" => {
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
            "annotations" => {
                let mut list = Annotations::new(self.sink, &mut self.state.sides);
                map.next_value_seed(Each(&mut list))?;
            }
            "binaryAnnotations" => {
                self.state.fields.has_tags = true;
                let SpanState { sides, attributes, .. } = &mut *self.state;
                let mut list = BinaryAnnotations::new(self.sink, sides, attributes);
                map.next_value_seed(Each(&mut list))?;
            }
            "service" => {
                let name = map.next_value::<Scalar<'de>>()?.into_text();
                self.state.own_resource.push(self.sink.builder.text_attribute("service.name", &name));
            }
            "error" => {
                if map.next_value::<Scalar<'de>>()?.int().is_some_and(|it| it != 0) {
                    self.state.fields.row.status = Status::Error;
                }
            }
            "events" | "Events" | "logs" => {
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
        self.take_context_from_annotations();
        let fields = &mut self.state.fields;
        fields.settle_unit();
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
        self.state.sides.add_callee(&self.state.fields.row, self.sink);
    }
}

impl SpanObject<'_> {
    /// Zipkin v1 writes kind, service and often the times as annotations.
    fn take_context_from_annotations(&mut self) {
        let SpanState { sides, fields, own_resource, .. } = &mut *self.state;
        let Some(side) = sides.first() else { return };
        if fields.row.kind == Kind::Unspecified {
            fields.row.kind = side.kind;
        }
        if fields.start == 0 {
            fields.start = side.time().unwrap_or(0);
        }
        fields.duration = fields.duration.or(side.duration());
        if own_resource.is_empty() {
            own_resource.extend_from_slice(&side.endpoint);
        }
    }

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
