//! For the same work, our spans equal those of the Java agent and of Go's instrumentation. Each difference is justified by the
//! semantic conventions in `test-vectors/semconv_registry.json`.

use std::collections::{BTreeMap, BTreeSet};

use peer_tests::{Hop, Language, Peer, Relay, Transport, report, until};
use serde_json::Value;
use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::span::data::{AnyValue, SpanData};

use crate::pair::{self, unique};

/// The content of a span: its name, kind, status and attributes. Values that differ from call to call are left out.
type Said = BTreeMap<String, String>;

/// A query with a value that must not be recorded.
const QUERY: &str = "SELECT datname FROM pg_database WHERE datname = 'secret'";
const NAME: &str = "(name)";
/// Attributes whose values identify a call, process, port or connection.
const VARYING: [&str; 13] = [
    "client.port",
    "messaging.client.id",
    "messaging.client_id",
    "messaging.kafka.message.offset",
    "messaging.kafka.offset",
    "messaging.message.body.size",
    "network.peer.port",
    "server.port",
    "thread.id",
    "thread.name",
    "tracing_suite.messaging.message.age",
    "url.full",
    "user_agent.original",
];
/// Attributes whose condition in the registry does not hold for a query text with literals, and what our spans have instead.
const QUERY_TEXT: [(&str, &str); 3] = [
    ("db.collection.name", "Query text is no such API; `db.query.summary` names the collections."),
    ("db.operation.name", "Query text is no such API; `db.query.summary` names the operations."),
    ("db.query.text", "Literals are replaced."),
];

/// The groups of the registry to which the spans of the caller and of the callee belong.
fn groups(transport: Transport) -> &'static [&'static str] {
    match transport {
        Transport::Http => &["http.client", "http.server"],
        Transport::Grpc => &["rpc.grpc.client", "rpc.grpc.server"],
        Transport::Kafka => &["messaging.kafka.send.producer", "messaging.kafka.process.consumer"],
        Transport::Amqp => &["messaging.rabbitmq.send.producer", "messaging.rabbitmq.process.consumer"],
        // The database has no spans.
        Transport::Sql => &["db.postgresql.client"],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_difference_is_justified() {
    let registry = registry();
    let ours = unique("ours");
    let relay = Relay::start(&ours).await.expect("the service starts");
    let mut unjustified = Vec::new();
    for language in [Language::Java, Language::Go] {
        let theirs = unique("theirs");
        let mut peer = Peer::start(language, &theirs).await;
        let topics = [ours.as_str(), theirs.as_str()];
        for transport in [Transport::Http, Transport::Grpc, Transport::Kafka, Transport::Sql] {
            let is_query = transport == Transport::Sql;
            let to = |hop: Hop| if is_query { Hop::query(QUERY) } else { hop };
            let to_them = pair::send(&relay, &[to(peer.hop(transport))], true).await;
            let to_us = pair::make_send(&mut peer, vec![to(relay.hop(transport))], true);
            for (side, group) in groups(transport).iter().enumerate() {
                let kind = kind(&registry["span_groups"][group]);
                let (our_trace, their_trace) =
                    if side == 0 { (&to_them, &to_us) } else { (&to_us, &to_them) };
                let our_span = of_us(&relay, our_trace, &kind);
                let their_span = peer.span("span of the same work", |span| is(span, their_trace, &kind));
                let (our, their) = (said(&our_span, &topics), said(&their_span, &topics));
                for key in differing(&our, &their) {
                    let (our, their) = (our.get(&key), their.get(&key));
                    let which = (our.is_some(), their.is_some());
                    match reason(&registry, group, &key, which, &said(&our_span, &topics)) {
                        Some(reason) => report(&serde_json::json!({
                            "difference": key, "language": format!("{language:?}"), "group": group,
                            "ours": our, "theirs": their, "reason": reason,
                        })),
                        None => unjustified
                            .push(format!("{language:?} {group} {key}: ours {our:?}, theirs {their:?}")),
                    }
                }
            }
        }
    }
    assert!(unjustified.is_empty(), "{}", unjustified.join("\n"));
}

fn registry() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/semconv_registry.json");
    let text = std::fs::read_to_string(path).expect("the registry can be read");
    serde_json::from_str(&text).expect("the registry is JSON")
}

fn kind(group: &Value) -> SpanKind {
    match group["kind"][0].as_str() {
        Some("client") => SpanKind::Client,
        Some("server") => SpanKind::Server,
        Some("producer") => SpanKind::Producer,
        _ => SpanKind::Consumer,
    }
}

/// Whether `span` is of that kind and trace, and more than the fetch of a message.
fn is(span: &SpanData, trace: &str, kind: &SpanKind) -> bool {
    let fetches = span.name.starts_with("receive") || span.name.ends_with("receive");
    span.trace_id.to_string() == trace && span.kind == *kind && !fetches
}

fn of_us(relay: &Relay, trace: &str, kind: &SpanKind) -> SpanData {
    let find = || relay.spans().finished().into_iter().map(|it| it.span).find(|span| is(span, trace, kind));
    until("our span is recorded", || find().is_some());
    find().expect("it is recorded")
}

fn said(span: &SpanData, topics: &[&str]) -> Said {
    // Each service has its own topic.
    let general = |text: &str| topics.iter().fold(text.to_owned(), |text, name| text.replace(name, "TOPIC"));
    let mut said = BTreeMap::from([
        (NAME.to_owned(), general(&span.name)),
        ("(kind)".to_owned(), format!("{:?}", span.kind)),
        ("(status)".to_owned(), format!("{:?}", span.status)),
    ]);
    for (key, value) in &span.attributes {
        let is_compared = !VARYING.contains(&key.as_str());
        said.insert(key.clone(), if is_compared { general(&plain(value)) } else { "…".to_owned() });
    }
    said
}

fn plain(value: &AnyValue) -> String {
    match value {
        AnyValue::String(text) => text.clone(),
        AnyValue::Int(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn differing(ours: &Said, theirs: &Said) -> BTreeSet<String> {
    let keys = ours.keys().chain(theirs.keys());
    keys.filter(|key| ours.get(*key) != theirs.get(*key)).cloned().collect()
}

/// Returns the reason in the conventions why our span differs in `key`, or `None` if there is none.
///
/// `which` says whether our span has the attribute, and whether theirs has.
fn reason(registry: &Value, group: &str, key: &str, which: (bool, bool), ours: &Said) -> Option<String> {
    let group = &registry["span_groups"][group];
    match (key, which) {
        (NAME, _) => return Some(format!("The name is {}.", group["name_rule"].as_str()?)),
        ("rpc.method", (true, true)) => {
            let note = registry["attributes"]["rpc.service"]["deprecated"]["note"].as_str()?;
            return Some(format!("`rpc.service` is deprecated: {note}"));
        }
        _ => {}
    }
    if let Some((_, instead)) = QUERY_TEXT.iter().find(|(of, _)| *of == key) {
        // The condition of the text ends with references to other documents.
        let condition = group["attributes"][key]["condition"].as_str()?.split(" See [").next()?;
        return Some(format!("{condition} {instead}"));
    }
    if which == (true, true) {
        // Both have it, with other values.
        return None;
    }
    let deprecated = &registry["attributes"][key]["deprecated"];
    if let Some(new) = deprecated["renamed_to"].as_str() {
        // Only if we have it under its new name.
        return ours.contains_key(new).then(|| format!("Deprecated: renamed to `{new}`."));
    }
    if let Some(note) = deprecated["note"].as_str() {
        return Some(format!("Deprecated: {note}"));
    }
    let requirement = &group["attributes"][key];
    match (requirement["level"].as_str(), which.0) {
        (Some("opt_in"), false) => Some("Opt-in.".to_owned()),
        (Some("opt_in"), true) => None,
        (Some(level), true) => {
            let condition = requirement["condition"].as_str().map(|it| format!(": {it}")).unwrap_or_default();
            Some(format!("{}{condition}.", capitalized(&level.replace('_', " "))).replace("..", "."))
        }
        (None, true) => {
            key.starts_with("tracing_suite.").then(|| "Our own, outside of the conventions.".to_owned())
        }
        (None, false) => Some("Not an attribute of these spans.".to_owned()),
        (Some(_), false) => None,
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
