//! The `name_rule` of each group, as code.

use tracing_core_lite::span::data::{AnyValue, SpanData};

use crate::group::text;

/// Returns the name that a span of the group `id` must have.
pub(crate) fn expected(id: &str, span: &SpanData) -> String {
    match id.split('.').next() {
        Some("http") => http(if id == "http.server" { "http.route" } else { "url.template" }, span),
        Some("rpc") => rpc(span),
        Some("db") => database(id, span),
        _ => messaging(span),
    }
}

fn http(target: &str, span: &SpanData) -> String {
    let method = text(span, "http.request.method").filter(|method| *method != "_OTHER").unwrap_or("HTTP");
    join([Some(method), text(span, target)])
}

fn rpc(span: &SpanData) -> String {
    let method = text(span, "rpc.method").filter(|method| *method != "_OTHER");
    method.or_else(|| text(span, "rpc.system.name")).unwrap_or_default().to_owned()
}

fn database(id: &str, span: &SpanData) -> String {
    if let Some(summary) = text(span, "db.query.summary") {
        return summary.to_owned();
    }
    // The number of a Redis database is not a useful name.
    let namespace = text(span, "db.namespace").filter(|_| id != "db.redis.client");
    let target = text(span, "db.collection.name")
        .or_else(|| text(span, "db.stored_procedure.name"))
        .or(namespace)
        .map(str::to_owned)
        .or_else(|| server(span));
    match (text(span, "db.operation.name"), target) {
        (None, None) => text(span, "db.system.name").unwrap_or_default().to_owned(),
        (operation, target) => join([operation, target.as_deref()]),
    }
}

fn messaging(span: &SpanData) -> String {
    let is_true = |key: &str| span.attribute(key) == Some(&AnyValue::Bool(true));
    let is_short_lived =
        is_true("messaging.destination.temporary") || is_true("messaging.destination.anonymous");
    let name = text(span, "messaging.destination.name").filter(|_| !is_short_lived);
    let destination = text(span, "messaging.destination.template").or(name).map(str::to_owned);
    // A destination that cannot be part of the name leaves only the operation.
    let destination = destination.or_else(|| if is_short_lived { None } else { server(span) });
    join([text(span, "messaging.operation.name"), destination.as_deref()])
}

fn server(span: &SpanData) -> Option<String> {
    let address = text(span, "server.address")?;
    Some(match span.attribute("server.port").and_then(AnyValue::as_int) {
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    })
}

fn join<const N: usize>(parts: [Option<&str>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
