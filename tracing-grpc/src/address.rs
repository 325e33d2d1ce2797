//! The address at the other end of a connection.

use std::net::SocketAddr;

use http::Extensions;
use tracing_core_lite::Recorder;
use tracing_core_lite::net::IpText;

use crate::semconv::{PEER_ADDRESS, PEER_PORT};

/// An extension of a request (server) or a response (client): the address at the other end of the connection.
///
/// On servers, tonic's own `TcpConnectInfo` is found without it. A tonic channel does not tell whom it talks to: a
/// connector or service of one's own may, by this extension. A client whose
/// [`server_address`](crate::client::ClientLayer::server_address) is an IP address needs it neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(
    /// Address and port.
    pub SocketAddr,
);

/// Sets `network.peer.address` and `network.peer.port`.
pub(crate) fn record_peer(span: &mut Recorder<'_>, peer: SocketAddr) {
    span.set(PEER_ADDRESS, IpText::new(peer.ip()).as_str()).set(PEER_PORT, peer.port());
}

/// The peer that the extensions of a request or response tell of.
pub(crate) fn peer(extensions: &Extensions) -> Option<SocketAddr> {
    if let Some(PeerAddress(peer)) = extensions.get() {
        return Some(*peer);
    }
    #[cfg(feature = "server")]
    if let Some(connection) = extensions.get::<tonic::transport::server::TcpConnectInfo>() {
        return connection.remote_addr();
    }
    None
}
