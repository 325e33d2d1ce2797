//! Network addresses as attributes.

use std::net::SocketAddr;

use tracing_core_lite::Recorder;

use crate::semconv::{PEER_ADDRESS, PEER_PORT};

/// An extension of a request (server) or a response (client): the address at the other end of the connection.
///
/// With the feature `axum`, the server layer also finds `ConnectInfo<SocketAddr>`; with `hyper-util` and `reqwest`, the
/// client layer finds the address that the connector used. A server on bare hyper sets this extension:
///
/// ```
/// use std::net::SocketAddr;
/// use tracing_http::PeerAddress;
///
/// let peer: SocketAddr = "192.0.2.1:4711".parse()?; // from `TcpListener::accept`
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(PeerAddress(peer));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(
    /// Address and port.
    pub SocketAddr,
);

/// Sets `network.peer.address` and `network.peer.port`.
pub(crate) fn record_peer(span: &mut Recorder<'_>, address: &str, port: u16) {
    span.set(PEER_ADDRESS, address).set(PEER_PORT, port);
}
