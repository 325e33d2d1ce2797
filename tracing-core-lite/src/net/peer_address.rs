//! The extension that tells who is at the other end.

use std::net::SocketAddr;

/// An extension of a request (server) or a response (client): the address at the other end of the connection.
///
/// The layers of tracing-http and tracing-grpc look for it. Whoever accepts or opens the connection sets it, where they
/// cannot find the address by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(
    /// Address and port.
    pub SocketAddr,
);
