//! Checks the conditions that the registry states in prose, where a single span shows whether they hold.

use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::span::data::{AnyValue, SpanData, StatusData};

use crate::group::text;
use crate::registry::{Group, Level, Requirement};

/// The codes of gRPC by which a server fails; others are the client's affair (conventions for gRPC, "Status").
const SERVER_ERRORS: [&str; 6] =
    ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

/// Opt-in attributes that the services of the demo ask for, with `UrlTemplate`.
const REQUESTED: [&str; 1] = ["url.template"];

/// Checks the required, conditional and opt-in attributes of `group`.
pub(crate) fn check(group: &Group, span: &SpanData, problems: &mut Vec<String>) {
    for (key, requirement) in &group.attributes {
        let value = span.attribute(key);
        match (&requirement.fixed, requirement.level) {
            (Some(fixed), _) if text(span, key) != Some(fixed) => {
                problems.push(format!("{key} is {value:?} and not {fixed:?}"));
            }
            (_, Level::Required) if value.is_none() => problems.push(format!("{key} is required")),
            (_, Level::OptIn) if is_present(span, key) && !REQUESTED.contains(&key.as_str()) => {
                problems.push(format!("{key} is opt-in, and nobody asked for it"));
            }
            (_, Level::ConditionallyRequired) => problems.extend(conditional(key, requirement, span)),
            _ => {}
        }
    }
    problems.extend(status(span));
}

/// Whether `span` has the attribute `key`, or one of that prefix if `key` is a template.
fn is_present(span: &SpanData, key: &str) -> bool {
    let is_key = |it: &str| it.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    span.attributes.iter().any(|(it, _)| is_key(it))
}

/// Describes what is wrong with a conditional attribute.
fn conditional(key: &str, requirement: &Requirement, span: &SpanData) -> Option<String> {
    let value = span.attribute(key);
    let condition = requirement.condition.as_deref().unwrap_or_default();
    let is_error = matches!(span.status, StatusData::Error(_));
    let iff = |expected: bool, why: &str| match (value.is_some(), expected) {
        (true, false) => Some(format!("{key} is present, but not {why}")),
        (false, true) => Some(format!("{key} is missing, but {why}")),
        _ => None,
    };
    match key {
        "error.type" => iff(is_error, "the status is error"),
        "http.request.method_original" => {
            iff(text(span, "http.request.method") == Some("_OTHER"), "the method is _OTHER")
        }
        "rpc.method_original" => iff(text(span, "rpc.method") == Some("_OTHER"), "the method is _OTHER"),
        // Without a status code there was no response: because of an error, or because the client went away.
        "http.response.status_code"
            if value.is_none()
                && span.attribute("error.type").is_none()
                && span.attribute("tracing_suite.outcome").is_none() =>
        {
            Some(format!("{key} is missing, and so is an error that explains it"))
        }
        "server.port" if value.is_some() && span.attribute("server.address").is_none() => {
            Some(format!("{key} is present without server.address"))
        }
        "messaging.destination.name" if span.attribute("messaging.batch.message_count").is_none() => {
            iff(true, "there is one message")
        }
        "messaging.batch.message_count"
            if value.and_then(AnyValue::as_int).is_some_and(|count| count < 0) =>
        {
            Some(format!("{key} is negative"))
        }
        _ if condition.starts_with("If value is `true`") => match value {
            None | Some(AnyValue::Bool(true)) => None,
            Some(other) => Some(format!("{key} is {other:?}, but must be absent unless true")),
        },
        _ if condition == "If not empty." && text(span, key) == Some("") => {
            Some(format!("{key} is present, but empty"))
        }
        _ => None,
    }
}

/// Checks that the status matches the response.
fn status(span: &SpanData) -> Option<String> {
    let code = span.attribute("http.response.status_code").and_then(AnyValue::as_int);
    let rpc = text(span, "rpc.response.status_code");
    let expected = match (&span.kind, code, rpc) {
        (SpanKind::Client, Some(code), _) => code >= 400,
        (SpanKind::Server, Some(code), _) => code >= 500,
        (SpanKind::Client, _, Some(code)) => code != "OK",
        (SpanKind::Server, _, Some(code)) => SERVER_ERRORS.contains(&code),
        _ => return None,
    };
    let is_error = matches!(span.status, StatusData::Error(_));
    // A span may have failed although its response did not, for example if the body broke off.
    let excused = is_error && span.attribute("error.type").is_some() && rpc.is_none();
    (expected != is_error && !excused).then(|| {
        format!(
            "the response is {:?}, but the status {:?}",
            rpc.map_or_else(|| format!("{code:?}"), str::to_owned),
            span.status
        )
    })
}
