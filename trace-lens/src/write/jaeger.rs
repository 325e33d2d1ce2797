//! Spans as Jaeger's JSON, as its API and UI have it.

use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};

use super::list::List;
use crate::model::{Attribute, Kind, SpanRef, SpanSet, Status, Texts, Trace, Value};

/// Writes the traces of a set as one Jaeger document. Times are in microseconds: fractions are lost.
///
/// # Errors
/// Returns the error of the writer.
pub fn jaeger(set: &SpanSet, out: &mut dyn Write) -> io::Result<()> {
    let mut list = List::begin("{\"data\":[", out)?;
    add_jaeger(set, &mut list, out)?;
    list.end("]}\n", out)
}

/// Appends the traces of a set to the list of a document.
pub(crate) fn add_jaeger(set: &SpanSet, list: &mut List, out: &mut dyn Write) -> io::Result<()> {
    set.traces().try_for_each(|trace| list.item(&trace_json(trace), out))
}

fn trace_json(trace: Trace<'_>) -> Json {
    let set = trace.set();
    let mut processes = Map::new();
    for span in trace.spans() {
        let id = format!("p{}", span.resource_index() + 1);
        if processes.contains_key(&id) {
            continue;
        }
        let attributes = span.resource().map(|it| it.attributes.as_slice()).unwrap_or_default();
        let attributes = attributes.iter().map(|&id| set.attributes().get(id));
        let tags: Vec<Json> = attributes
            .filter(|it| set.texts().get(it.key) != "service.name")
            .map(|it| tag(it, set.texts()))
            .collect();
        processes.insert(id, json!({ "serviceName": span.service(), "tags": tags }));
    }
    let spans: Vec<Json> = trace.spans().map(span_json).collect();
    json!({ "traceID": format!("{:032x}", trace.id()), "spans": spans, "processes": processes })
}

fn tag(attribute: Attribute, texts: &Texts) -> Json {
    let key = texts.get(attribute.key);
    match attribute.value {
        Value::Int(number) => json!({ "key": key, "type": "int64", "value": number }),
        Value::Double(bits) if f64::from_bits(bits).is_finite() => {
            json!({ "key": key, "type": "float64", "value": f64::from_bits(bits) })
        }
        Value::Bool(flag) => json!({ "key": key, "type": "bool", "value": flag }),
        Value::Bytes(text) => json!({ "key": key, "type": "binary", "value": texts.get(text) }),
        other => json!({ "key": key, "type": "string", "value": other.display(texts) }),
    }
}

fn text_tag(key: &str, value: &str) -> Json {
    json!({ "key": key, "type": "string", "value": value })
}

fn span_json(span: SpanRef<'_>) -> Json {
    let texts = span.set().texts();
    let mut tags: Vec<Json> = span.attributes().map(|it| tag(it, texts)).collect();
    if span.kind() != Kind::Unspecified {
        tags.push(text_tag("span.kind", span.kind().name()));
    }
    if span.status() != Status::Unset {
        tags.push(text_tag("otel.status_code", &span.status().name().to_uppercase()));
    }
    if span.is_failed() {
        tags.push(json!({ "key": "error", "type": "bool", "value": true }));
    }
    let scope = span.scope();
    let extra = [
        ("otel.status_description", span.message()),
        ("w3c.tracestate", span.trace_state()),
        ("otel.scope.name", texts.get(scope.name)),
        ("otel.scope.version", texts.get(scope.version)),
    ];
    tags.extend(
        extra.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| text_tag(key, value)),
    );
    let logs: Vec<Json> = span
        .events()
        .iter()
        .map(|event| {
            let mut fields = vec![text_tag("event", texts.get(event.name))];
            fields.extend(span.event_attributes(event).map(|it| tag(it, texts)));
            json!({ "timestamp": event.time / 1_000, "fields": fields })
        })
        .collect();
    json!({
        "traceID": format!("{:032x}", span.trace_id()),
        "spanID": format!("{:016x}", span.id()),
        "operationName": span.name(),
        "references": references(span),
        "startTime": span.start() / 1_000,
        "duration": span.duration() / 1_000,
        "tags": tags,
        "logs": logs,
        "processID": format!("p{}", span.resource_index() + 1),
        "warnings": null,
    })
}

fn references(span: SpanRef<'_>) -> Vec<Json> {
    let reference = |kind: &str, trace: u128, id: u64| json!({ "refType": kind, "traceID": format!("{trace:032x}"), "spanID": format!("{id:016x}") });
    let parent = span.parent_id();
    let follows = span.links().iter().any(|it| it.is_follows_from && Some(it.span_id) == parent);
    // One reference is parent and link at once for a span that follows from its parent.
    let own = parent.filter(|_| !follows).map(|id| reference("CHILD_OF", span.trace_id(), id));
    let links = span.links().iter().map(|it| reference("FOLLOWS_FROM", it.trace_id, it.span_id));
    own.into_iter().chain(links).collect()
}
