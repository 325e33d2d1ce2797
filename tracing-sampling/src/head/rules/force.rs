//! Requests that ask to be sampled.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use ipnet::IpNet;
use subtle::ConstantTimeEq;
use tracing_core_lite::sampling::SamplingInput;

use super::RuleError;

/// The shortest secret, in bytes.
const SHORTEST_SECRET: usize = 16;

/// Where a request asks to be sampled: in a header or in a key of the baggage. Further methods set who may ask.
///
/// Anyone can send a header. A force rule therefore needs a secret or trusted peers. Otherwise a client could have all of
/// its requests recorded.
///
/// ```
/// use tracing_sampling::head::{Force, Rule};
///
/// // `x-force-trace: 9f2c41d7b06e4a58`
/// let by_support = Rule::force(Force::header("x-force-trace").with_secret("9f2c41d7b06e4a58")?);
/// // Any value but `0` and `false`, from the gateway's network.
/// let by_gateway = Rule::force(Force::baggage("force-trace").with_peers(["10.1.0.0/16".parse()?])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Force {
    place: Place,
    key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Baggage,
}

#[derive(Clone)]
enum Trust {
    Secret(String),
    Peers(Vec<IpNet>),
}

impl Debug for Trust {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret(..)"),
            Self::Peers(peers) => f.debug_tuple("Peers").field(peers).finish(),
        }
    }
}

/// A rule that samples the requests that ask for it and are allowed to.
#[derive(Clone)]
pub struct ForceRule {
    force: Force,
    trust: Trust,
    suspended: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl Debug for ForceRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForceRule")
            .field("force", &self.force)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

impl Force {
    /// Looks at a header of the request.
    #[must_use]
    pub fn header(name: &str) -> Self {
        Self { place: Place::Header, key: name.to_ascii_lowercase() }
    }

    /// Looks at a key of the baggage. Baggage, including a secret in it, is propagated to all called services.
    #[must_use]
    pub fn baggage(key: impl Into<String>) -> Self {
        Self { place: Place::Baggage, key: key.into() }
    }

    /// Trusts requests whose value is `secret`. It is compared in constant time, and never recorded.
    ///
    /// # Errors
    /// Returns an error if the secret has fewer than 16 bytes.
    pub fn with_secret(self, secret: impl Into<String>) -> Result<ForceRule, RuleError> {
        let secret = secret.into();
        if secret.len() < SHORTEST_SECRET {
            return Err(RuleError::ShortSecret { key: self.key, len: secret.len() });
        }
        Ok(ForceRule { force: self, trust: Trust::Secret(secret), suspended: None })
    }

    /// Trusts peers in these networks. Their value may be anything except `0`, `false` and empty. The peer is the other end of
    /// the connection; what proxies report is not considered.
    ///
    /// # Errors
    /// Returns an error if there is no network.
    pub fn with_peers(self, peers: impl IntoIterator<Item = IpNet>) -> Result<ForceRule, RuleError> {
        let peers: Vec<_> = peers.into_iter().collect();
        if peers.is_empty() {
            return Err(RuleError::NoPeers { key: self.key });
        }
        Ok(ForceRule { force: self, trust: Trust::Peers(peers), suspended: None })
    }
}

impl ForceRule {
    /// Ignores requests while `is_suspended` returns true, for example while the storage is full. It is called for each
    /// request that may force.
    #[must_use]
    pub fn with_suspension(mut self, is_suspended: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.suspended = Some(Arc::new(is_suspended));
        self
    }

    pub(super) fn key(&self) -> &str {
        &self.force.key
    }

    pub(super) fn applies_to(&self, input: &SamplingInput<'_>) -> bool {
        let value = match self.force.place {
            Place::Header => input.header(&self.force.key),
            Place::Baggage => input.baggage(&self.force.key).map(str::as_bytes),
        };
        let Some(value) = value else { return false };
        let may = match &self.trust {
            Trust::Secret(secret) => bool::from(value.ct_eq(secret.as_bytes())),
            Trust::Peers(peers) => is_set(value) && is_trusted(peers, input),
        };
        may && !self.suspended.as_ref().is_some_and(|is_suspended| is_suspended())
    }
}

fn is_set(value: &[u8]) -> bool {
    !matches!(value.trim_ascii(), b"" | b"0") && !value.trim_ascii().eq_ignore_ascii_case(b"false")
}

fn is_trusted(peers: &[IpNet], input: &SamplingInput<'_>) -> bool {
    // A socket that accepts both versions shows IPv4 peers as IPv6 addresses.
    input.peer().is_some_and(|peer| peers.iter().any(|network| network.contains(&peer.to_canonical())))
}
