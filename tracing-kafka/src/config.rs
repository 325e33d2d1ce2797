//! The settings of spans, and the parts of a client's configuration that spans record.

use rdkafka::ClientConfig;
use tracing_core_lite::InstrumentationScope;
use tracing_core_lite::messaging::{Client, Peer, Settings};

/// Returns the core's client for one wrapper. `config` is the client's configuration, if it is known.
pub(crate) fn instrument(settings: Settings, config: Option<&ClientConfig>) -> Client {
    let scope = InstrumentationScope::builder("tracing-kafka")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build();
    Client::new("kafka", scope, settings, config.map_or_else(Peer::new, peer))
}

/// Reads the first of `bootstrap.servers`, `client.id` and `group.id`.
fn peer(config: &ClientConfig) -> Peer {
    let mut peer = Peer::new();
    let servers = config.get("bootstrap.servers").or_else(|| config.get("metadata.broker.list"));
    if let Some((address, port)) = servers.and_then(first_server) {
        peer = peer.with_server(address, port);
    }
    if let Some(id) = config.get("client.id") {
        peer = peer.with_client_id(id);
    }
    if let Some(group) = config.get("group.id") {
        peer = peer.with_consumer_group(group);
    }
    peer
}

/// Parses `[protocol://]host[:port]`, where an IPv6 address is in brackets.
fn first_server(servers: &str) -> Option<(&str, Option<u16>)> {
    let first = servers.split(',').map(str::trim).find(|server| !server.is_empty())?;
    let server = first.split_once("://").map_or(first, |(_, server)| server);
    let (host, port) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => server.rsplit_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    Some((host, port.and_then(|port| port.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_server() {
        for (servers, expected) in [
            ("kafka-1:9092,kafka-2:9093", Some(("kafka-1", Some(9092)))),
            ("kafka", Some(("kafka", None))),
            (" , kafka:1 ", Some(("kafka", Some(1)))),
            ("SASL_SSL://kafka:9094", Some(("kafka", Some(9094)))),
            ("[::1]:9092", Some(("::1", Some(9092)))),
            ("[::1]", Some(("::1", None))),
            ("kafka:port", Some(("kafka", None))),
            ("", None),
        ] {
            assert_eq!(first_server(servers), expected, "{servers}");
        }
    }

    #[test]
    fn a_configuration() {
        let mut config = ClientConfig::new();
        assert_eq!(peer(&config), Peer::new());
        config.set("metadata.broker.list", "kafka:9092").set("client.id", "shop-1").set("group.id", "mail");
        let expected =
            Peer::new().with_server("kafka", Some(9092)).with_client_id("shop-1").with_consumer_group("mail");
        assert_eq!(peer(&config), expected);
    }
}
