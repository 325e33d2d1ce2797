//! The attribute names that the wrappers of this suite set most, so that they need no allocation as keys of the OpenTelemetry
//! API, and whether the conventions list them for sampling.

use std::sync::{Arc, LazyLock};

use opentelemetry::Key;

use super::key_filter::KeyPlace;

/// Semantic conventions 1.44.0: the attributes that a sampler should see when a span starts, apart from those of
/// headers.
const FOR_SAMPLING: [&str; 27] = [
    "client.address",
    "db.collection.name",
    "db.namespace",
    "db.operation.name",
    "db.query.summary",
    "db.query.text",
    "db.stored_procedure.name",
    "db.system.name",
    "http.request.method",
    "http.route",
    "messaging.consumer.group.name",
    "messaging.destination.name",
    "messaging.destination.partition.id",
    "messaging.destination.subscription.name",
    "messaging.destination.template",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.system",
    "rpc.method",
    "rpc.system.name",
    "server.address",
    "server.port",
    "url.full",
    "url.path",
    "url.query",
    "url.scheme",
    "user_agent.original",
];

const OTHERS: [&str; 29] = [
    "db.operation.batch.size",
    "db.response.returned_rows",
    "db.response.status_code",
    "error.type",
    "exception.message",
    "exception.stacktrace",
    "exception.type",
    "http.request.body.size",
    "http.request.method_original",
    "http.request.resend_count",
    "http.response.body.size",
    "http.response.status_code",
    "messaging.batch.message_count",
    "messaging.client.id",
    "messaging.kafka.message.key",
    "messaging.kafka.offset",
    "messaging.message.body.size",
    "messaging.message.conversation_id",
    "messaging.message.id",
    "messaging.rabbitmq.destination.routing_key",
    "messaging.rabbitmq.message.delivery_tag",
    "network.peer.address",
    "network.peer.port",
    "network.protocol.name",
    "network.protocol.version",
    "network.transport",
    "rpc.response.status_code",
    "service.peer.name",
    "url.template",
];

const HEADERS_FOR_SAMPLING: &str = "http.request.header.";

/// The index of a name in both lists, plus one, at the place of the name.
static PLACES: LazyLock<[u8; KeyPlace::COUNT]> = LazyLock::new(|| {
    let mut places = [0; KeyPlace::COUNT];
    for (index, name) in FOR_SAMPLING.iter().chain(&OTHERS).enumerate() {
        places[super::key_filter::KeyFilter::place_of(name).number()] = index as u8 + 1;
    }
    places
});

/// A key, and whether a sampler should see its value.
pub(super) struct KnownKey {
    pub(super) key: Key,
    pub(super) is_for_sampling: bool,
}

impl KnownKey {
    #[inline]
    pub(super) fn of(name: &str, place: KeyPlace) -> Self {
        Self::with(name, place, |name| Key::from(name.to_owned()))
    }

    /// Returns a key of which clones need no allocation.
    pub(super) fn shared(name: &str, place: KeyPlace) -> Self {
        Self::with(name, place, |name| Key::from(Arc::<str>::from(name)))
    }

    #[inline]
    fn with(name: &str, place: KeyPlace, unknown: impl FnOnce(&str) -> Key) -> Self {
        let index = usize::from(PLACES[place.number()]);
        let known = index.checked_sub(1).map(|index| match FOR_SAMPLING.get(index) {
            Some(known) => (*known, true),
            None => (OTHERS[index - FOR_SAMPLING.len()], false),
        });
        match known {
            Some((known, is_for_sampling)) if known == name => {
                Self { key: Key::from_static_str(known), is_for_sampling }
            }
            // Two names may have one place. What a user sets may be meant for a sampler of that user.
            _ => Self {
                key: unknown(name),
                is_for_sampling: name.starts_with(HEADERS_FOR_SAMPLING) || !is_other(name),
            },
        }
    }
}

fn is_other(name: &str) -> bool {
    OTHERS.contains(&name)
}

/// Returns a text that many spans have, which needs no allocation.
#[inline]
pub(super) fn known_text(text: &str) -> Option<&'static str> {
    if text.len() > 10 {
        return None;
    }
    let known = match text {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "http" => "http",
        "https" => "https",
        "1.0" => "1.0",
        "1.1" => "1.1",
        "2" => "2",
        "grpc" => "grpc",
        "OK" => "OK",
        "redis" => "redis",
        "kafka" => "kafka",
        "rabbitmq" => "rabbitmq",
        "postgresql" => "postgresql",
        "mysql" => "mysql",
        "mariadb" => "mariadb",
        "sqlite" => "sqlite",
        "SELECT" => "SELECT",
        "INSERT" => "INSERT",
        "UPDATE" => "UPDATE",
        "send" => "send",
        "process" => "process",
        "receive" => "receive",
        "publish" => "publish",
        "localhost" => "localhost",
        "127.0.0.1" => "127.0.0.1",
        _ => return None,
    };
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::super::key_filter::KeyFilter;
    use super::*;

    #[test]
    fn each_known_name_is_found_or_copied_and_keeps_its_meaning() {
        for (names, is_for_sampling) in [(&FOR_SAMPLING[..], true), (&OTHERS[..], false)] {
            for name in names {
                let known = KnownKey::of(name, KeyFilter::place_of(name));
                assert_eq!((known.key.as_str(), known.is_for_sampling), (*name, is_for_sampling));
            }
        }
        for name in ["http.request.header.x-tenant", "shop.tier", "a"] {
            let known = KnownKey::of(name, KeyFilter::place_of(name));
            assert_eq!((known.key.as_str(), known.is_for_sampling), (name, true));
        }
    }

    #[test]
    fn a_known_text_is_the_same_text() {
        for text in ["GET", "http", "127.0.0.1", "postgresql"] {
            assert_eq!(known_text(text), Some(text));
        }
        assert_eq!(known_text("get"), None);
        assert_eq!(known_text("a longer text"), None);
    }
}
