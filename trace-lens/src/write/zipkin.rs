//! Spans as Zipkin v2 JSON.

use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};

use super::list::List;
use crate::model::{Kind, SpanRef, SpanSet};

/// Writes the spans of a set as one list of Zipkin v2 spans. Times are in microseconds, links and the types of attributes
/// are lost.
///
/// # Errors
/// Returns the error of the writer.
pub fn zipkin(set: &SpanSet, out: &mut dyn Write) -> io::Result<()> {
    let mut list = List::begin("[", out)?;
    add_zipkin(set, &mut list, out)?;
    list.end("\n]\n", out)
}

/// Appends the spans of a set to a list.
pub(crate) fn add_zipkin(set: &SpanSet, list: &mut List, out: &mut dyn Write) -> io::Result<()> {
    set.traces().flat_map(|trace| trace.spans()).try_for_each(|span| list.item(&span_json(span), out))
}

fn span_json(span: SpanRef<'_>) -> Json {
    let texts = span.set().texts();
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| out.insert(key.to_owned(), value);
    put("traceId", format!("{:032x}", span.trace_id()).into());
    put("id", format!("{:016x}", span.id()).into());
    if let Some(parent) = span.parent_id() {
        put("parentId", format!("{parent:016x}").into());
    }
    put("name", span.name().into());
    if matches!(span.kind(), Kind::Client | Kind::Server | Kind::Producer | Kind::Consumer) {
        put("kind", span.kind().name().to_uppercase().into());
    }
    put("timestamp", (span.start() / 1_000).into());
    // Zipkin has no durations of 0.
    put("duration", (span.duration() / 1_000).max(1).into());
    let mut endpoint = Map::new();
    endpoint.insert("serviceName".to_owned(), span.service().into());
    if span.host().parse::<std::net::Ipv4Addr>().is_ok() {
        endpoint.insert("ipv4".to_owned(), span.host().into());
    }
    put("localEndpoint", Json::Object(endpoint));
    if let Some(peer) = span.first_text(&["service.peer.name", "peer.service"]) {
        put("remoteEndpoint", json!({ "serviceName": peer }));
    }
    let annotations =
        span.events().iter().map(|it| json!({ "timestamp": it.time / 1_000, "value": texts.get(it.name) }));
    let annotations: Vec<Json> = annotations.collect();
    if !annotations.is_empty() {
        put("annotations", annotations.into());
    }
    let mut tags = Map::new();
    for it in span.attributes() {
        tags.insert(texts.get(it.key).to_owned(), it.value.display(texts).into());
    }
    if span.is_failed() && !tags.contains_key("error") {
        tags.insert("error".to_owned(), span.message().into());
    }
    put("tags", Json::Object(tags));
    Json::Object(out)
}
