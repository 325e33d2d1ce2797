//! Spans as OTLP protobuf.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::wire::{bytes, double_field, fixed32, fixed64, message, number};
use crate::model::{Attribute, Scope, SpanRef, SpanSet, Texts, Trace, Value};

/// Writes the traces of a set as one `TracesData` message.
///
/// # Errors
/// Returns the error of the writer.
pub fn otlp_proto(set: &SpanSet, out: &mut dyn Write) -> io::Result<()> {
    let mut buffer = Vec::new();
    for trace in set.traces() {
        buffer.clear();
        encode_trace(trace, &mut buffer);
        out.write_all(&buffer)?;
    }
    Ok(())
}

/// Appends the `ResourceSpans` of a trace, as fields of a `TracesData`.
fn encode_trace(trace: Trace<'_>, out: &mut Vec<u8>) {
    let set = trace.set();
    let mut groups: Vec<((u32, Scope), Vec<u8>)> = Vec::new();
    for span in trace.spans() {
        let key = (span.resource_index(), span.scope());
        let at = groups.iter().position(|(it, _)| *it == key).unwrap_or_else(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        message(&mut groups[at].1, 2, |out| encode_span(span, out));
    }
    for ((resource, scope), spans) in groups {
        message(out, 1, |out| {
            message(out, 1, |out| {
                let attributes = set.resources().get(resource as usize).map(|it| it.attributes.as_slice());
                for &id in attributes.unwrap_or_default() {
                    attribute(out, 1, set.attributes().get(id), set.texts());
                }
            });
            message(out, 2, |out| {
                message(out, 1, |out| {
                    bytes(out, 1, set.texts().get(scope.name).as_bytes());
                    bytes(out, 2, set.texts().get(scope.version).as_bytes());
                });
                out.extend_from_slice(&spans);
            });
        });
    }
}

fn encode_span(span: SpanRef<'_>, out: &mut Vec<u8>) {
    let texts = span.set().texts();
    bytes(out, 1, &span.trace_id().to_be_bytes());
    bytes(out, 2, &span.id().to_be_bytes());
    bytes(out, 3, span.trace_state().as_bytes());
    if let Some(parent) = span.parent_id() {
        bytes(out, 4, &parent.to_be_bytes());
    }
    bytes(out, 5, span.name().as_bytes());
    number(out, 6, span.kind().otlp().into());
    fixed64(out, 7, span.start());
    fixed64(out, 8, span.raw_end());
    for it in span.attributes() {
        attribute(out, 9, it, texts);
    }
    for event in span.events() {
        message(out, 11, |out| {
            fixed64(out, 1, event.time);
            bytes(out, 2, texts.get(event.name).as_bytes());
            span.event_attributes(event).for_each(|it| attribute(out, 3, it, texts));
        });
    }
    for link in span.links() {
        message(out, 13, |out| {
            bytes(out, 1, &link.trace_id.to_be_bytes());
            bytes(out, 2, &link.span_id.to_be_bytes());
            span.link_attributes(link).for_each(|it| attribute(out, 4, it, texts));
        });
    }
    message(out, 15, |out| {
        bytes(out, 2, span.message().as_bytes());
        number(out, 3, span.status().otlp().into());
    });
    if span.flags() != 0 {
        fixed32(out, 16, span.flags());
    }
}

fn attribute(out: &mut Vec<u8>, field: u32, attribute: Attribute, texts: &Texts) {
    message(out, field, |out| {
        bytes(out, 1, texts.get(attribute.key).as_bytes());
        message(out, 2, |out| value(out, attribute.value, texts));
    });
}

fn value(out: &mut Vec<u8>, value: Value, texts: &Texts) {
    match value {
        Value::Empty => {}
        // An empty string is written: the field says the type.
        Value::Text(text) => message(out, 1, |out| out.extend_from_slice(texts.get(text).as_bytes())),
        #[allow(clippy::cast_sign_loss)]
        Value::Int(int) => super::wire::always_number(out, 3, int as u64),
        Value::Double(bits) => double_field(out, 4, bits),
        Value::Bool(flag) => super::wire::always_number(out, 2, flag.into()),
        Value::Json(text) => {
            if let Ok(plain) = serde_json::from_str::<Json>(texts.get(text)) {
                json(out, &plain);
            }
        }
        Value::Bytes(text) => {
            let decoded = STANDARD.decode(texts.get(text)).unwrap_or_default();
            message(out, 7, |out| out.extend_from_slice(&decoded));
        }
    }
}

fn json(out: &mut Vec<u8>, plain: &Json) {
    match plain {
        Json::Null => {}
        Json::Bool(flag) => super::wire::always_number(out, 2, (*flag).into()),
        Json::Number(it) => match it.as_i64() {
            #[allow(clippy::cast_sign_loss)]
            Some(int) => super::wire::always_number(out, 3, int as u64),
            None => double_field(out, 4, it.as_f64().unwrap_or(0.0).to_bits()),
        },
        Json::String(text) => message(out, 1, |out| out.extend_from_slice(text.as_bytes())),
        Json::Array(items) => message(out, 5, |out| {
            for item in items {
                message(out, 1, |out| json(out, item));
            }
        }),
        Json::Object(fields) => message(out, 6, |out| {
            for (key, item) in fields {
                message(out, 1, |out| {
                    bytes(out, 1, key.as_bytes());
                    message(out, 2, |out| json(out, item));
                });
            }
        }),
    }
}
