//! The proxies that a server trusts.

use std::net::IpAddr;
use std::str::FromStr;

/// The proxies in front of a server that are trusted to name client, host and scheme.
///
/// Without trusted proxies, no such header is read, because any client can send it. The headers are read from the right:
/// each proxy appends the address that it was called from. Elements to the left of the trusted proxies' are ignored.
///
/// ```
/// use tracing_http::server::TrustedProxies;
///
/// // A load balancer in front of an ingress: the client is the second address from the right.
/// let by_count = TrustedProxies::hops(2);
/// // Any number of proxies within these networks.
/// let by_network = TrustedProxies::networks(["10.0.0.0/8", "2001:db8::/32"])?;
/// # Ok::<(), tracing_http::server::NetworkError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxies {
    pub(crate) trust: Trust,
    pub(crate) header: ForwardedBy,
}

/// The headers that the trusted proxies write. Others are not read, because they may come from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ForwardedBy {
    /// `X-Forwarded-For`, `X-Forwarded-Host`, `X-Forwarded-Proto`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    Hops(usize),
    Networks(Vec<Network>),
}

/// A range of addresses with a common prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: u128,
    mask: u128,
}

/// The error for a network that is not written as `address/bits` or `address`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct NetworkError(String);

impl TrustedProxies {
    /// Trusts the `count` proxies nearest to the server, whatever their addresses. 0 trusts none.
    #[must_use]
    pub fn hops(count: usize) -> Self {
        Self { trust: Trust::Hops(count), header: ForwardedBy::default() }
    }

    /// Trusts proxies whose addresses are in one of `networks`. The peer's address must be known, from axum's
    /// `ConnectInfo` or from [`PeerAddress`](crate::PeerAddress). Otherwise no proxy is trusted.
    ///
    /// # Errors
    /// Returns an error for the first item that is not a network.
    pub fn networks<N: AsRef<str>>(networks: impl IntoIterator<Item = N>) -> Result<Self, NetworkError> {
        let networks = networks.into_iter().map(|network| network.as_ref().parse());
        Ok(Self {
            trust: Trust::Networks(networks.collect::<Result<_, _>>()?),
            header: ForwardedBy::default(),
        })
    }

    /// Sets the headers that these proxies write; [`ForwardedBy::XForwarded`] by default.
    #[must_use]
    pub fn with_forwarded_by(mut self, header: ForwardedBy) -> Self {
        self.header = header;
        self
    }
}

impl Network {
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        as_v6(address) & self.mask == self.address
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let error = || NetworkError(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| error())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width {
            return Err(error());
        }
        let mask = u128::MAX.checked_shl(width - bits).unwrap_or(0);
        Ok(Self { address: as_v6(address) & mask, mask })
    }
}

/// Converts IPv4 to its IPv6 form, so that both compare.
fn as_v6(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3/8", "10.0.0.1", true),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/x", "/8"] {
            assert_eq!(wrong.parse::<Network>(), Err(NetworkError(wrong.to_owned())));
        }
    }
}
