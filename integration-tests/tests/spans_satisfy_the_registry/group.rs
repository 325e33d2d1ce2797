//! Finds the group of the registry that a span belongs to.

use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::span::data::{AnyValue, SpanData};

use crate::registry::{Group, Registry, kind_name};

/// The prefix of each domain in the registry, and the attribute that marks its spans.
const DOMAINS: [(&str, &str); 4] = [
    ("http", "http.request.method"),
    ("rpc", "rpc.system.name"),
    ("db", "db.system.name"),
    ("messaging", "messaging.system"),
];

/// The group of a span.
#[derive(Debug)]
pub(crate) enum Membership<'r> {
    Of(&'r str, &'r Group),
    /// A span for which there are no conventions:
    ///
    /// - work inside a service, of kind internal, without attributes of a domain;
    /// - operations of an in-process cache, such as `get_or_load prices`;
    /// - `acquire connection`, of kind internal, which names its database but does not call it.
    None,
    /// A span that should have a group.
    Missing(String),
}

pub(crate) fn text<'a>(span: &'a SpanData, key: &str) -> Option<&'a str> {
    span.attribute(key).and_then(AnyValue::as_str)
}

/// Finds the group by the kind and the attributes of `span`.
///
/// A group matches if it has the domain, the kind and the fixed values of the span, and for messages the operation. Of several
/// matches, the one with the most fixed values wins.
pub(crate) fn find<'r>(registry: &'r Registry, span: &SpanData) -> Membership<'r> {
    let marked = DOMAINS.iter().find(|(_, marker)| span.attribute(marker).is_some());
    let Some((domain, marker)) = marked else { return without_marker(span) };
    if *domain == "db" && is_around_calls(span) {
        return Membership::None;
    }
    let kind = kind_name(&span.kind);
    let operation = text(span, "messaging.operation.type");
    if *domain == "messaging" && operation.is_none() {
        return Membership::Missing(
            "has no messaging.operation.type, which distinguishes the groups of messaging".to_owned(),
        );
    }
    let fixes = |group: &Group| group.attributes.values().filter(|it| it.fixed.is_some()).count();
    let fits = |(id, group): &(&String, &Group)| {
        id.split('.').next() == Some(*domain)
            && group.kind.iter().any(|it| it == kind)
            && group.attributes.iter().all(|(key, it)| it.fixed.is_none() || text(span, key) == it.fixed.as_deref())
            // `messaging.kafka.send.producer`
            && (*domain != "messaging" || id.rsplit('.').nth(1) == operation)
    };
    match registry.span_groups.iter().filter(fits).max_by_key(|(_, group)| fixes(group)) {
        Some((id, group)) => Membership::Of(id, group),
        None => Membership::Missing(format!(
            "has {marker} = {:?} and kind {kind}{}, but there is no such group",
            text(span, marker).unwrap_or_default(),
            operation.map(|it| format!(" and operation {it:?}")).unwrap_or_default(),
        )),
    }
}

fn is_around_calls(span: &SpanData) -> bool {
    let of_calls = ["db.operation.name", "db.query.summary", "db.query.text", "db.collection.name"];
    span.kind == SpanKind::Internal && of_calls.iter().all(|key| span.attribute(key).is_none())
}

fn without_marker(span: &SpanData) -> Membership<'static> {
    for (domain, marker) in DOMAINS {
        let of_domain = |key: &str| key.strip_prefix(domain).is_some_and(|rest| rest.starts_with('.'));
        if let Some((key, _)) = span.attributes.iter().find(|(key, _)| of_domain(key)) {
            return Membership::Missing(format!("has {key}, but no {marker}"));
        }
    }
    match span.kind {
        SpanKind::Internal => Membership::None,
        ref kind => Membership::Missing(format!("is of kind {} and belongs to no group", kind_name(kind))),
    }
}
