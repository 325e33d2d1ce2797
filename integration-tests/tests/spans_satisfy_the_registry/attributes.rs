//! Checks each attribute by itself: its name is known and not deprecated, and its value has the right type.

use tracing_core_lite::span::data::{AnyValue, SpanData};

use crate::registry::{Attribute, Registry};

/// Names and prefixes of attributes that no convention defines, each with its meaning. Add new ones here.
const OURS: [(&str, &str); 4] = [
    ("shop.", "what the shop says about its orders"),
    ("tracing_suite.", "attributes that no convention defines (docs/attributes.md)"),
    (
        "error_handled",
        "the operation dealt with an error (tracing-core-lite, `Recorder::record_handled_error`)",
    ),
    ("opentracing.ref_type", "FollowsFrom, on links (OpenTelemetry's compatibility with OpenTracing)"),
];

pub(crate) fn check(registry: &Registry, span: &SpanData, problems: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    let links = span.links.iter().flat_map(|link| &link.attributes);
    for (key, value) in span.attributes.iter().chain(links) {
        match registry.attribute(key) {
            Some(attribute) => check_one(key, value, attribute, problems),
            None if OURS
                .iter()
                .any(|(ours, _)| key == ours || (ours.ends_with('.') && key.starts_with(ours))) => {}
            None => problems.push(format!("{key} is neither in the registry nor listed as ours")),
        }
    }
    for (key, _) in &span.attributes {
        if !seen.insert(key) {
            problems.push(format!("{key} occurs twice"));
        }
    }
}

fn check_one(key: &str, value: &AnyValue, attribute: &Attribute, problems: &mut Vec<String>) {
    if let Some(deprecated) = &attribute.deprecated {
        problems.push(format!("{key} is deprecated: {deprecated}"));
    }
    if !has_type(value, &attribute.value_type) {
        problems.push(format!("{key} = {value:?} is not of type {}", attribute.value_type));
    }
    let member =
        attribute.members.iter().find(|it| it.value.as_str() == value.as_str() && it.value.is_string());
    if let Some(deprecated) = member.and_then(|it| it.deprecated.as_ref()) {
        problems.push(format!("{key} = {value:?} is deprecated: {deprecated}"));
    }
    // All other enumerations allow further values.
    if key == "http.request.method" && member.is_none() {
        problems.push(format!("{key} = {value:?} is neither a member nor _OTHER"));
    }
}

fn has_type(value: &AnyValue, expected: &str) -> bool {
    match (value, expected) {
        (_, "any") => true,
        (AnyValue::Array(values), array) => {
            array.strip_suffix("[]").is_some_and(|of| values.iter().all(|value| has_type(value, of)))
        }
        (AnyValue::String(_), "string") | (AnyValue::Int(_), "int") => true,
        (AnyValue::Double(_), "double") | (AnyValue::Bool(_), "boolean") => true,
        _ => false,
    }
}
