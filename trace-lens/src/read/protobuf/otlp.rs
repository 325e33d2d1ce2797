//! Spans in OTLP protobuf.

use super::attributes::Decoded;
use super::wire::{Field, Fields, Malformed};
use crate::model::{AttributeId, Builder, Kind, Row, Status, Text};
use crate::read::sink::Sink;

/// Reads the spans of an `ExportTraceServiceRequest`, of `TracesData` or of Tempo's `Trace`, which are encoded alike.
pub(crate) fn request(message: &[u8], sink: &mut Sink, decoded: &mut Decoded) -> Result<(), Malformed> {
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        if let (1, Some(bytes)) = (number, field.bytes()) {
            resource_spans(bytes, sink, decoded)?;
        }
    }
    Ok(())
}

/// Reads one `ResourceSpans`.
pub(crate) fn resource_spans(
    message: &[u8],
    sink: &mut Sink,
    decoded: &mut Decoded,
) -> Result<(), Malformed> {
    // The resource may come after its spans.
    let mut attributes = Vec::new();
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        if let (1, Some(bytes)) = (number, field.bytes()) {
            attribute_list(bytes, 1, &mut attributes, sink, decoded)?;
        }
    }
    let resource = sink.builder.add_resource(attributes);
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        // 1000 was the field before scopes had their name.
        if let (2 | 1000, Some(bytes)) = (number, field.bytes()) {
            scope_spans(bytes, resource, sink, decoded)?;
        }
    }
    Ok(())
}

fn attribute_list(
    message: &[u8],
    at: u32,
    into: &mut Vec<AttributeId>,
    sink: &mut Sink,
    decoded: &mut Decoded,
) -> Result<(), Malformed> {
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        if let (true, Some(bytes)) = (number == at, field.bytes()) {
            into.push(decoded.attribute(bytes, &mut sink.builder)?);
        }
    }
    Ok(())
}

fn scope_spans(
    message: &[u8],
    resource: u32,
    sink: &mut Sink,
    decoded: &mut Decoded,
) -> Result<(), Malformed> {
    let mut scope = 0;
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        match (number, field.bytes()) {
            (1, Some(bytes)) => scope = scope_of(bytes, &mut sink.builder)?,
            (2, Some(bytes)) => {
                if let Err(error) = span(bytes, resource, scope, sink, decoded) {
                    sink.builder.discard_open();
                    return Err(error);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn scope_of(message: &[u8], builder: &mut Builder) -> Result<u32, Malformed> {
    let (mut name, mut version) = (&b""[..], &b""[..]);
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => name = field.bytes().unwrap_or_default(),
            2 => version = field.bytes().unwrap_or_default(),
            _ => {}
        }
    }
    Ok(builder.add_scope(&String::from_utf8_lossy(name), &String::from_utf8_lossy(version)))
}

fn text(field: Field<'_>, builder: &mut Builder) -> Text {
    let bytes = field.bytes().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => builder.text(text),
        Err(_) => builder.text(&String::from_utf8_lossy(bytes)),
    }
}

fn trace_id(field: Field<'_>) -> u128 {
    let bytes = field.bytes().unwrap_or_default();
    if bytes.len() <= 16 { bytes.iter().fold(0, |id, &byte| id << 8 | u128::from(byte)) } else { 0 }
}

fn span_id(field: Field<'_>) -> u64 {
    let bytes = field.bytes().unwrap_or_default();
    if bytes.len() <= 8 { bytes.iter().fold(0, |id, &byte| id << 8 | u64::from(byte)) } else { 0 }
}

#[allow(clippy::cast_possible_truncation)]
fn span(
    message: &[u8],
    resource: u32,
    scope: u32,
    sink: &mut Sink,
    decoded: &mut Decoded,
) -> Result<(), Malformed> {
    let mut row = Row { resource, scope, ..Row::default() };
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => row.trace_id = trace_id(field),
            2 => row.span_id = span_id(field),
            3 => row.trace_state = text(field, &mut sink.builder),
            4 => row.parent = span_id(field),
            5 => row.name = text(field, &mut sink.builder),
            6 => row.kind = Kind::from_otlp(field.number()),
            7 => row.start = field.number(),
            8 => row.end = field.number(),
            9 => {
                let id = decoded.attribute(field.bytes().unwrap_or_default(), &mut sink.builder)?;
                sink.builder.span_attribute(id);
            }
            11 => event(field.bytes().unwrap_or_default(), sink, decoded)?,
            13 => link(field.bytes().unwrap_or_default(), sink, decoded)?,
            15 => status(field.bytes().unwrap_or_default(), &mut row, &mut sink.builder)?,
            16 => row.flags = field.number() as u32,
            _ => {}
        }
    }
    sink.span(&row);
    Ok(())
}

fn event(message: &[u8], sink: &mut Sink, decoded: &mut Decoded) -> Result<(), Malformed> {
    let (mut time, mut name, mut attributes) = (0, Text::EMPTY, Vec::new());
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => time = field.number(),
            2 => name = text(field, &mut sink.builder),
            3 => attributes.push(decoded.attribute(field.bytes().unwrap_or_default(), &mut sink.builder)?),
            _ => {}
        }
    }
    sink.builder.event(time, name, &attributes);
    Ok(())
}

fn link(message: &[u8], sink: &mut Sink, decoded: &mut Decoded) -> Result<(), Malformed> {
    let (mut trace, mut span, mut attributes) = (0, 0, Vec::new());
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => trace = trace_id(field),
            2 => span = span_id(field),
            4 => attributes.push(decoded.attribute(field.bytes().unwrap_or_default(), &mut sink.builder)?),
            _ => {}
        }
    }
    let follows = attributes.iter().any(|&id| {
        let (key, value) = sink.builder.read_attribute(id);
        key == "opentracing.ref_type" && value == "follows_from"
    });
    sink.builder.link(trace, span, follows, &attributes);
    Ok(())
}

fn status(message: &[u8], row: &mut Row, builder: &mut Builder) -> Result<(), Malformed> {
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        match number {
            2 => row.message = text(field, builder),
            3 => row.status = Status::from_otlp(field.number()),
            _ => {}
        }
    }
    Ok(())
}
