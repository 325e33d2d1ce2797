//! Reads an encoded OTLP trace request into the [span model](super::data).

use opentelemetry::trace::{SpanId, SpanKind, TraceId};

use crate::wire::{Field, Malformed, each_field};

use super::model::{
    AnyValue, DecodeError, EventData, LinkData, ResourceSpans, ScopeData, ScopeSpans, SpanData, StatusData,
};

/// Arrays and maps within an attribute's value may nest this deep.
pub(crate) const MAX_VALUE_DEPTH: usize = 32;

type Attributes = Vec<(String, AnyValue)>;

/// Reads an encoded `ExportTraceServiceRequest` (or `TracesData`, which has the same shape).
///
/// # Errors
/// On truncated or malformed protobuf, on trace and span ids that are neither empty nor of their proper length, and
/// on attribute values nested more than 32 levels deep. Unknown fields are skipped; an unknown span kind reads as
/// internal, an unknown status code as unset.
pub fn decode_request(bytes: &[u8]) -> Result<Vec<ResourceSpans>, DecodeError> {
    request(bytes).map_err(|Malformed(reason)| DecodeError(reason))
}

fn request(bytes: &[u8]) -> Result<Vec<ResourceSpans>, Malformed> {
    let mut all = Vec::new();
    each_field(bytes, |number, field| {
        if number == 1 {
            all.push(resource_spans(field.bytes()?)?);
        }
        Ok(())
    })?;
    Ok(all)
}

fn resource_spans(message: &[u8]) -> Result<ResourceSpans, Malformed> {
    let mut it = ResourceSpans::default();
    each_field(message, |number, field| {
        match number {
            1 => each_field(field.bytes()?, |number, field| match number {
                1 => push_attribute(&mut it.resource, field),
                _ => Ok(()),
            })?,
            2 => it.scope_spans.push(scope_spans(field.bytes()?)?),
            3 => it.schema_url = field.string()?.to_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(it)
}

fn scope_spans(message: &[u8]) -> Result<ScopeSpans, Malformed> {
    let mut it = ScopeSpans::default();
    each_field(message, |number, field| {
        match number {
            1 => scope(&mut it.scope, field.bytes()?)?,
            2 => it.spans.push(span(field.bytes()?)?),
            3 => it.schema_url = field.string()?.to_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(it)
}

fn scope(it: &mut ScopeData, message: &[u8]) -> Result<(), Malformed> {
    each_field(message, |number, field| {
        match number {
            1 => it.name = field.string()?.to_owned(),
            2 => it.version = field.string()?.to_owned(),
            3 => push_attribute(&mut it.attributes, field)?,
            _ => {}
        }
        Ok(())
    })
}

fn span(message: &[u8]) -> Result<SpanData, Malformed> {
    let mut it = SpanData::default();
    let mut status = (0, String::new());
    each_field(message, |number, field| {
        match number {
            1 => it.trace_id = trace_id(field)?,
            2 => it.span_id = span_id(field)?,
            3 => it.trace_state = field.string()?.to_owned(),
            4 => it.parent_span_id = span_id(field)?,
            5 => it.name = field.string()?.to_owned(),
            6 => it.kind = kind_from_otlp(field.low32()?),
            7 => it.start_time_unix_nano = field.fixed64()?,
            8 => it.end_time_unix_nano = field.fixed64()?,
            9 => push_attribute(&mut it.attributes, field)?,
            10 => it.dropped_attributes_count = field.low32()?,
            11 => it.events.push(event(field.bytes()?)?),
            12 => it.dropped_events_count = field.low32()?,
            13 => it.links.push(link(field.bytes()?)?),
            14 => it.dropped_links_count = field.low32()?,
            15 => each_field(field.bytes()?, |number, field| {
                match number {
                    2 => field.string()?.clone_into(&mut status.1),
                    3 => status.0 = field.low32()?,
                    _ => {}
                }
                Ok(())
            })?,
            16 => it.flags = field.fixed32()?,
            _ => {}
        }
        Ok(())
    })?;
    it.status = status_from_otlp(status.0, status.1);
    Ok(it)
}

fn event(message: &[u8]) -> Result<EventData, Malformed> {
    let mut it = EventData::default();
    each_field(message, |number, field| {
        match number {
            1 => it.time_unix_nano = field.fixed64()?,
            2 => it.name = field.string()?.to_owned(),
            3 => push_attribute(&mut it.attributes, field)?,
            4 => it.dropped_attributes_count = field.low32()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(it)
}

fn link(message: &[u8]) -> Result<LinkData, Malformed> {
    let mut it = LinkData::default();
    each_field(message, |number, field| {
        match number {
            1 => it.trace_id = trace_id(field)?,
            2 => it.span_id = span_id(field)?,
            3 => it.trace_state = field.string()?.to_owned(),
            4 => push_attribute(&mut it.attributes, field)?,
            5 => it.dropped_attributes_count = field.low32()?,
            6 => it.flags = field.fixed32()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(it)
}

fn push_attribute(to: &mut Attributes, field: Field<'_>) -> Result<(), Malformed> {
    to.push(key_value(field.bytes()?, 0)?);
    Ok(())
}

fn key_value(message: &[u8], depth: usize) -> Result<(String, AnyValue), Malformed> {
    let mut pair = (String::new(), AnyValue::Empty);
    each_field(message, |number, field| {
        match number {
            1 => field.string()?.clone_into(&mut pair.0),
            2 => pair.1 = value(field.bytes()?, depth)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(pair)
}

#[allow(clippy::cast_possible_wrap)]
fn value(message: &[u8], depth: usize) -> Result<AnyValue, Malformed> {
    if depth > MAX_VALUE_DEPTH {
        return Err(Malformed("an attribute's value is nested too deeply"));
    }
    let mut it = AnyValue::Empty;
    each_field(message, |number, field| {
        it = match number {
            1 => AnyValue::String(field.string()?.to_owned()),
            2 => AnyValue::Bool(field.varint()? != 0),
            3 => AnyValue::Int(field.varint()? as i64),
            4 => AnyValue::Double(f64::from_bits(field.fixed64()?)),
            5 => {
                let mut items = Vec::new();
                each_field(field.bytes()?, |number, field| {
                    if number == 1 {
                        items.push(value(field.bytes()?, depth + 1)?);
                    }
                    Ok(())
                })?;
                AnyValue::Array(items)
            }
            6 => {
                let mut pairs = Vec::new();
                each_field(field.bytes()?, |number, field| {
                    if number == 1 {
                        pairs.push(key_value(field.bytes()?, depth + 1)?);
                    }
                    Ok(())
                })?;
                AnyValue::Map(pairs)
            }
            7 => AnyValue::Bytes(field.bytes()?.to_vec()),
            _ => return Ok(()),
        };
        Ok(())
    })?;
    Ok(it)
}

fn trace_id(field: Field<'_>) -> Result<TraceId, Malformed> {
    match field.bytes()? {
        [] => Ok(TraceId::INVALID),
        bytes => {
            bytes.try_into().map(TraceId::from_bytes).map_err(|_| Malformed("a trace id is not 16 bytes"))
        }
    }
}

fn span_id(field: Field<'_>) -> Result<SpanId, Malformed> {
    match field.bytes()? {
        [] => Ok(SpanId::INVALID),
        bytes => bytes.try_into().map(SpanId::from_bytes).map_err(|_| Malformed("a span id is not 8 bytes")),
    }
}

pub(crate) fn kind_from_otlp(kind: u32) -> SpanKind {
    match kind {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

pub(crate) fn status_from_otlp(code: u32, message: String) -> StatusData {
    match code {
        1 => StatusData::Ok,
        2 => StatusData::Error(message),
        _ => StatusData::Unset,
    }
}
