//! Network addresses as spans record them: hosts and ports of authorities, IP addresses, and the address of the peer.
//!
//! Wrappers of servers and clients use this module for every request. It does not allocate.

mod host_port;
pub(crate) mod ip_text;
mod network;
mod peer_address;

pub use host_port::{HostPort, default_port};
pub use network::{Network, NetworkError};
pub use peer_address::PeerAddress;
