//! The address of the peer, as an extension of requests and responses.

use std::net::SocketAddr;

/// The address at the other end of a connection, as an extension of a request (server) or a response (client).
///
/// The layers of tracing-http and tracing-grpc read it. Set it where a connection is accepted or opened, if they cannot
/// find the address otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(
    /// The address and the port.
    pub SocketAddr,
);
