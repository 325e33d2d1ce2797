//! The client and the broker of an operation.

use std::net::SocketAddr;

/// The client and the broker of an operation. Unknown values are left out.
///
/// ```
/// use tracing_core_lite::messaging::Peer;
///
/// let peer = Peer::new().with_server("nats.internal", Some(4222)).with_client_id("shop-1");
/// assert_eq!(peer.address.as_deref(), Some("nats.internal"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// `server.address`: the configured host of the broker.
    pub address: Option<String>,
    /// `server.port`.
    pub port: Option<u16>,
    /// `network.peer.address` and `network.peer.port`: the address that the client is connected to.
    pub network: Option<SocketAddr>,
    /// `messaging.client.id`.
    pub client_id: Option<String>,
    /// `messaging.consumer.group.name`.
    pub consumer_group: Option<String>,
}

impl Peer {
    /// Creates a peer without any values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the configured host and port of the broker.
    #[must_use]
    pub fn with_server(mut self, address: impl Into<String>, port: Option<u16>) -> Self {
        self.address = Some(address.into());
        self.port = port;
        self
    }

    /// Sets the address that the client is connected to.
    #[must_use]
    pub fn with_network(mut self, address: SocketAddr) -> Self {
        self.network = Some(address);
        self
    }

    /// Sets the client's id.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Sets the name of the consumer's group.
    #[must_use]
    pub fn with_consumer_group(mut self, group: impl Into<String>) -> Self {
        self.consumer_group = Some(group.into());
        self
    }
}
