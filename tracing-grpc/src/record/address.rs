//! The address at the other end of a connection.

use std::net::SocketAddr;

use http::Extensions;
use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::IpText;
use tracing_core_lite::net::PeerAddress;

use super::semconv::{PEER_ADDRESS, PEER_PORT};

/// Sets `network.peer.address` and `network.peer.port`.
pub(crate) fn record_peer(span: &mut Recorder<'_>, peer: SocketAddr) {
    span.set(PEER_ADDRESS, IpText::new(peer.ip()).as_str()).set(PEER_PORT, peer.port());
}

/// Returns the peer that the extensions of a request or response name.
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
