//! Network addresses, as spans name them: IP addresses as text, hosts and ports of authorities, the address of the peer.
//!
//! For the wrappers of servers and clients, which do this for every request: nothing here allocates.

mod host_port;
pub(crate) mod ip_text;
mod peer_address;

pub use host_port::{HostPort, default_port};
pub use peer_address::PeerAddress;
