//! Network addresses as attributes.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tracing_core_lite::Recorder;

use crate::semconv::{PEER_ADDRESS, PEER_PORT};
use crate::stack_text::StackText;

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

/// The longest IPv6 address, in bytes.
const LONGEST: usize = 46;

/// An IP address as text, without the heap.
pub(crate) struct IpText(StackText<LONGEST>);

impl IpText {
    /// An IPv4 address that a dual-stack socket shows as IPv6 is written as IPv4.
    pub(crate) fn new(address: IpAddr) -> Self {
        let mut text = StackText::new();
        let written = match address.to_canonical() {
            IpAddr::V4(address) => push_v4(&mut text, address),
            IpAddr::V6(address) => write!(text, "{address}"),
        };
        debug_assert!(written.is_ok(), "no address is longer than {LONGEST} bytes");
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// `fmt` takes ten times as long.
fn push_v4(text: &mut StackText<LONGEST>, address: Ipv4Addr) -> std::fmt::Result {
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            text.push(".")?;
        }
        let digits = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10];
        let skip = if octet >= 100 {
            0
        } else if octet >= 10 {
            1
        } else {
            2
        };
        text.push(std::str::from_utf8(&digits[skip..]).unwrap_or_default())?;
    }
    Ok(())
}

/// Sets `network.peer.address` and `network.peer.port`.
pub(crate) fn record_peer(span: &mut Recorder<'_>, peer: SocketAddr) {
    span.set(PEER_ADDRESS, IpText::new(peer.ip()).as_str()).set(PEER_PORT, peer.port());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (given, expected) in [
            ("0.0.0.0", "0.0.0.0"),
            ("1.20.255.99", "1.20.255.99"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            assert_eq!(IpText::new(given.parse().unwrap()).as_str(), expected);
        }
    }
}
