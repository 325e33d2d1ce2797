//! The settings and the address of a broker.

use std::net::{IpAddr, SocketAddr};

use lapin::uri::AMQPUri;
use opentelemetry::InstrumentationScope;
use tracing_core_lite::messaging::{Client, MessageBatch, MessagingOperation, OperationType, Peer, Settings};

use crate::record::destination;

/// The settings and the address of a broker. Create it once and wrap all channels with it. Cloning it is cheap.
///
/// [`TracedChannel::new`](crate::TracedChannel::new) creates one with the default settings and no address.
///
/// ```no_run
/// use lapin::{Connection, ConnectionProperties};
/// use tracing_amqp::{Broker, Settings};
///
/// # async fn connect() -> lapin::Result<()> {
/// let uri = "amqp://user:secret@broker.internal:5672/%2f";
/// let broker = Broker::at(uri, Settings::new().with_settle_spans(true));
/// let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
/// let orders = broker.channel(connection.create_channel().await?);
/// let events = broker.channel(connection.create_channel().await?);
/// # drop((orders, events)); Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Broker(Client);

impl Default for Broker {
    fn default() -> Self {
        Self::new(Settings::new(), Peer::new())
    }
}

impl Broker {
    /// Creates a broker with the address in `peer`.
    ///
    /// lapin does not expose the IP address that it connected to. If you know it, pass it with [`Peer::with_network`]
    /// to record `network.peer.address` and `network.peer.port`.
    #[must_use]
    pub fn new(settings: Settings, peer: Peer) -> Self {
        let scope = InstrumentationScope::builder("tracing-amqp")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
            .build();
        Self(Client::new("rabbitmq", scope, settings, peer))
    }

    /// Creates a broker with the host and port of `uri` as its `server.address` and `server.port`. If the host is an IP
    /// address, it is also its `network.peer.address` and `network.peer.port`. No other part of the URI is kept. An
    /// invalid URI is ignored.
    #[must_use]
    pub fn at(uri: &str, settings: Settings) -> Self {
        Self::new(settings, peer(uri))
    }

    /// Starts the work on several deliveries from `queue`: one `process` span. See [`MessageBatch`].
    #[must_use]
    pub fn batch(&self, queue: &str) -> MessageBatch {
        let destination = destination::with_queue(queue, queue);
        self.0.batch(&MessagingOperation::new(OperationType::Process, destination), |_| {})
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0
    }
}

fn peer(uri: &str) -> Peer {
    let Ok(AMQPUri { authority, .. }) = uri.parse::<AMQPUri>() else { return Peer::new() };
    let network = authority.host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, authority.port));
    let peer = Peer::new().with_server(authority.host, Some(authority.port));
    match network {
        Some(address) => peer.with_network(address),
        None => peer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_uri() {
        for (uri, server, network) in [
            ("amqp://user:secret@broker.internal:5673/%2f", Some(("broker.internal", 5673)), None),
            ("amqps://broker.internal", Some(("broker.internal", 5671)), None),
            ("amqp://127.0.0.1", Some(("127.0.0.1", 5672)), Some("127.0.0.1:5672")),
            // lapin connects to `localhost` for an IPv6 address.
            ("amqp://[::1]:5673/%2f", Some(("localhost", 5673)), None),
            ("http://127.0.0.1", None, None),
            ("", None, None),
        ] {
            let peer = peer(uri);
            assert_eq!(peer.address.as_deref().zip(peer.port), server, "{uri}");
            assert_eq!(peer.network.map(|network| network.to_string()).as_deref(), network, "{uri}");
        }
    }
}
