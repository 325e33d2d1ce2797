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
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => {
                let mut text = StackText::new();
                let written = write!(text, "{address}");
                debug_assert!(written.is_ok(), "no address is longer than {LONGEST} bytes");
                Self(text)
            }
        }
    }

    /// `fmt` takes ten times as long.
    fn of_v4(address: Ipv4Addr) -> Self {
        let mut bytes = [0; LONGEST];
        let mut len = 0;
        let mut push = |byte| {
            bytes[len] = byte;
            len += 1;
        };
        for (index, octet) in address.octets().into_iter().enumerate() {
            if index > 0 {
                push(b'.');
            }
            if octet >= 100 {
                push(b'0' + octet / 100);
            }
            if octet >= 10 {
                push(b'0' + octet / 10 % 10);
            }
            push(b'0' + octet % 10);
        }
        Self(StackText::of_ascii(bytes, len))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Sets `network.peer.address` and `network.peer.port`.
pub(crate) fn record_peer(span: &mut Recorder<'_>, address: &str, port: u16) {
    span.set(PEER_ADDRESS, address).set(PEER_PORT, port);
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
