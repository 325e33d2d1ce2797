//! The address at the other end of a connection.

use std::fmt::{self, Write};
use std::net::SocketAddr;

use http::Extensions;
use tracing_core_lite::Recorder;

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

/// The longest IPv6 address, in bytes.
const LONGEST: usize = 46;

/// An IP address as text, without the heap.
struct IpText {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Write for IpText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Sets `network.peer.address` and `network.peer.port`. An IPv4 address that a dual-stack socket shows as IPv6 is written
/// as IPv4.
pub(crate) fn record_peer(span: &mut Recorder<'_>, peer: SocketAddr) {
    let mut text = IpText { bytes: [0; LONGEST], len: 0 };
    if write!(text, "{}", peer.ip().to_canonical()).is_ok() {
        span.set(PEER_ADDRESS, std::str::from_utf8(&text.bytes[..text.len]).unwrap_or_default());
        span.set(PEER_PORT, peer.port());
    }
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
