//! Network addresses, as spans name them: IP addresses as text, hosts and ports of authorities.
//!
//! For the wrappers of servers and clients, which do this for every request: nothing here allocates.

mod host_port;
mod ip_text;

pub use host_port::HostPort;
pub use ip_text::IpText;
