//! Spans as OTLP JSON: one document per trace and resource, each on a line.

use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};

use crate::model::{Attribute, SpanRef, SpanSet, Texts, Value};
use crate::read::any_value;

/// Writes the traces of a set as OTLP JSON lines, a trace a line.
///
/// # Errors
/// Returns the error of the writer.
pub fn otlp_json(set: &SpanSet, out: &mut dyn Write) -> io::Result<()> {
    for trace in set.traces() {
        // Spans of one resource and scope stand together.
        let mut groups: Vec<((u32, crate::model::Scope), Vec<Json>)> = Vec::new();
        for span in trace.spans() {
            let key = (span.resource_index(), span.scope());
            let written = span_json(span);
            match groups.iter_mut().find(|(it, _)| *it == key) {
                Some((_, spans)) => spans.push(written),
                None => groups.push((key, vec![written])),
            }
        }
        let resource_spans: Vec<Json> = groups
            .into_iter()
            .map(|((resource, scope), spans)| {
                let attributes = set.resources().get(resource as usize).map(|it| it.attributes.as_slice());
                let attributes = attributes.unwrap_or_default().iter().map(|&id| set.attributes().get(id));
                let scope =
                    json!({ "name": set.texts().get(scope.name), "version": set.texts().get(scope.version) });
                json!({
                    "resource": { "attributes": list(attributes, set.texts()) },
                    "scopeSpans": [{ "scope": scope, "spans": spans }],
                })
            })
            .collect();
        serde_json::to_writer(&mut *out, &json!({ "resourceSpans": resource_spans }))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn list(attributes: impl Iterator<Item = Attribute>, texts: &Texts) -> Json {
    attributes.map(|it| json!({ "key": texts.get(it.key), "value": value(it.value, texts) })).collect()
}

fn value(value: Value, texts: &Texts) -> Json {
    match value {
        Value::Empty => json!({}),
        Value::Text(text) => json!({ "stringValue": texts.get(text) }),
        Value::Int(number) => json!({ "intValue": number.to_string() }),
        Value::Double(bits) => json!({ "doubleValue": double(f64::from_bits(bits)) }),
        Value::Bool(flag) => json!({ "boolValue": flag }),
        Value::Json(text) => serde_json::from_str(texts.get(text)).map_or(json!({}), |it| any_value(&it)),
        Value::Bytes(text) => json!({ "bytesValue": texts.get(text) }),
    }
}

/// JSON has no infinity; OTLP writes it as text.
fn double(number: f64) -> Json {
    if number.is_finite() {
        return number.into();
    }
    if number.is_nan() {
        "NaN".into()
    } else if number > 0.0 {
        "Infinity".into()
    } else {
        "-Infinity".into()
    }
}

fn span_json(span: SpanRef<'_>) -> Json {
    let texts = span.set().texts();
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| out.insert(key.to_owned(), value);
    put("traceId", format!("{:032x}", span.trace_id()).into());
    put("spanId", format!("{:016x}", span.id()).into());
    if let Some(parent) = span.parent_id() {
        put("parentSpanId", format!("{parent:016x}").into());
    }
    if !span.trace_state().is_empty() {
        put("traceState", span.trace_state().into());
    }
    if span.flags() != 0 {
        put("flags", span.flags().into());
    }
    put("name", span.name().into());
    put("kind", span.kind().otlp().into());
    put("startTimeUnixNano", span.start().to_string().into());
    put("endTimeUnixNano", span.raw_end().to_string().into());
    put("attributes", list(span.attributes(), texts));
    let events = span.events().iter().map(|event| {
        let attributes = list(span.event_attributes(event), texts);
        json!({ "timeUnixNano": event.time.to_string(), "name": texts.get(event.name), "attributes": attributes })
    });
    put("events", events.collect());
    let links = span.links().iter().map(|link| {
        let attributes = list(span.link_attributes(link), texts);
        json!({
            "traceId": format!("{:032x}", link.trace_id), "spanId": format!("{:016x}", link.span_id),
            "attributes": attributes,
        })
    });
    put("links", links.collect());
    put("status", json!({ "code": span.status().otlp(), "message": span.message() }));
    Json::Object(out)
}
