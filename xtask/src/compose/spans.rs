//! Reads the spans that the services have written as OTLP-JSON lines.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::Value;

/// The fields of a span that the test checks.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for a root.
    pub(crate) parent: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// The trace ids of its links.
    pub(crate) links: Vec<String>,
}

/// Reads all files of `folder`. An incomplete last line is skipped; a later call reads it.
pub(crate) fn read(folder: &Path) -> io::Result<Vec<Span>> {
    let mut spans = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let text = std::fs::read_to_string(entry?.path())?;
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        for line in whole.lines() {
            spans.extend(of_request(&serde_json::from_str(line)?));
        }
    }
    Ok(spans)
}

/// Returns the spans of the trace `id`.
pub(crate) fn of_trace<'a>(spans: &'a [Span], id: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.trace == id).collect()
}

fn of_request(request: &Value) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource_spans in list(&request["resourceSpans"]) {
        let resource = attributes(&resource_spans["resource"]["attributes"]);
        let service = resource.get("service.name").cloned().unwrap_or_default();
        for scope_spans in list(&resource_spans["scopeSpans"]) {
            spans.extend(list(&scope_spans["spans"]).iter().map(|span| read_span(&service, span)));
        }
    }
    spans
}

fn read_span(service: &str, span: &Value) -> Span {
    Span {
        service: service.to_owned(),
        name: text(&span["name"]),
        trace: text(&span["traceId"]),
        id: text(&span["spanId"]),
        parent: text(&span["parentSpanId"]),
        attributes: attributes(&span["attributes"]),
        links: list(&span["links"]).iter().map(|link| text(&link["traceId"])).collect(),
    }
}

fn attributes(pairs: &Value) -> BTreeMap<String, String> {
    let value = |pair: &Value| {
        text(pair["value"].as_object().and_then(|any| any.values().next()).unwrap_or(&Value::Null))
    };
    list(pairs).iter().map(|pair| (text(&pair["key"]), value(pair))).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_its_resource() {
        let request = serde_json::json!({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "auth"}}]},
            "scopeSpans": [{"spans": [{
                "traceId": "aa", "spanId": "bb", "name": "GET /session",
                "attributes": [{"key": "http.response.status_code", "value": {"intValue": "200"}}],
                "links": [{"traceId": "cc", "spanId": "dd"}],
            }]}],
        }]});
        let spans = of_request(&request);
        assert_eq!(spans.len(), 1);
        let Span { service, name, trace, id, parent, attributes, links } = &spans[0];
        assert_eq!([service, name, trace, id, parent], ["auth", "GET /session", "aa", "bb", ""]);
        assert_eq!(attributes["http.response.status_code"], "200");
        assert_eq!(links, &["cc"]);
    }
}
