//! The callee of a span: a peer, a database or a queue.

use std::borrow::Cow;

use crate::model::{Kind, SpanRef};

/// The kind of a node of the map.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NodeKind {
    /// A service that records spans.
    #[default]
    Service,
    /// A callee that records no spans.
    Uninstrumented,
    /// A database or cache.
    Database,
    /// A topic or queue.
    Queue,
    /// Callers that record no spans.
    User,
}

/// Returns whether the span is a call of a database or cache.
pub(crate) fn is_database(span: &SpanRef<'_>) -> bool {
    const KEYS: [&str; 6] =
        ["db.system.name", "db.system", "db.type", "db.name", "db.namespace", "sql.query"];
    matches!(span.kind(), Kind::Client | Kind::Internal | Kind::Unspecified)
        && span.first_text(&KEYS).is_some()
}

/// Returns the callee of a call of a database: the peer service, else the server, else the network peer, else the
/// database's name, else its system.
pub(crate) fn database_name<'a>(span: &SpanRef<'a>) -> Cow<'a, str> {
    const KEYS: [&str; 16] = [
        "service.peer.name",
        "peer.service",
        "server.address",
        "net.peer.name",
        "network.peer.address",
        "net.peer.ip",
        "net.sock.peer.addr",
        "peer.hostname",
        "peer.ipv4",
        "peer.address",
        "db.namespace",
        "db.name",
        "db.instance",
        "db.system.name",
        "db.system",
        "db.type",
    ];
    let found = span.first_text(&KEYS).unwrap_or(Cow::Borrowed("database"));
    // A loopback address does not identify a database. Its name does.
    if is_loopback(&found) { span.first_text(&KEYS[10..]).unwrap_or(found) } else { found }
}

fn is_loopback(address: &str) -> bool {
    matches!(address, "localhost" | "127.0.0.1" | "::1" | "[::1]")
}

/// Returns the callee of a call if the callee recorded no span.
pub(crate) fn peer_name<'a>(span: &SpanRef<'a>) -> Option<Cow<'a, str>> {
    const KEYS: [&str; 10] = [
        "service.peer.name",
        "peer.service",
        "rpc.service",
        "server.address",
        "net.peer.name",
        "http.host",
        "network.peer.address",
        "net.peer.ip",
        "net.sock.peer.addr",
        "peer.hostname",
    ];
    span.first_text(&KEYS)
}

/// Returns the topic or queue of a span that sends or receives a message.
pub(crate) fn destination<'a>(span: &SpanRef<'a>) -> Option<Cow<'a, str>> {
    const KEYS: [&str; 8] = [
        "messaging.destination.name",
        "messaging.destination",
        "messaging.rabbitmq.destination.routing_key",
        "messaging.source.name",
        "messaging.kafka.topic",
        "kafka.topic",
        "message_bus.destination",
        "messaging.destination.template",
    ];
    span.first_text(&KEYS)
}
