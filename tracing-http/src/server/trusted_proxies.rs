//! The proxies that a server trusts.

use tracing_core_lite::net::{Network, NetworkError};

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
