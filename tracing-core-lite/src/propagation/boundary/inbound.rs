//! The boundary of servers and consumers.

use std::net::IpAddr;

use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};

use super::InboundPolicy;
use super::pattern::{HostPattern, Pattern};
use crate::net::{Network, NetworkError};
use crate::propagation::received::Received;
use crate::propagation::{Extract, Extracted};

/// The reason of a link to a span whose sender is not trusted.
const UNTRUSTED: &str = "untrusted";

/// An extension of a request: the identity that a client has proved by mTLS, such as the subject or the SPIFFE id of its
/// certificate. The program that terminates TLS inserts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerIdentity(pub String);

/// The rules by which a server or consumer trusts senders.
///
/// 1. Of the rules about peer addresses, identities and destinations, the first that matches decides, in the order in which
///    they were added. If none matches, the default applies.
/// 2. Anyone can send a host or a header. Rules about them can therefore only lower the trust. If the request comes from a
///    [listed proxy](Self::with_proxies), the first of these rules that matches decides.
///
/// If a peer's address is not known, no rule about addresses matches. A default of [`InboundPolicy::Public`] with rules that
/// raise the trust is therefore safer than the reverse.
///
/// The headers of requests that are not trusted are removed from the request, so that inner layers and handlers do not use
/// them.
#[derive(Debug, Clone, Default)]
pub struct InboundBoundary {
    default: InboundPolicy,
    senders: Vec<(SenderRule, InboundPolicy)>,
    claims: Vec<(Claim, InboundPolicy)>,
    proxies: Vec<Network>,
}

/// A rule about properties that a sender cannot choose.
#[derive(Debug, Clone)]
enum SenderRule {
    Peers(Vec<Network>),
    Identity(Pattern),
    Destination(Pattern),
}

/// A rule about values that a sender chooses.
#[derive(Debug, Clone)]
enum Claim {
    Host(HostPattern),
    Header(String, Pattern),
}

/// The sender of a request or message.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    peer: Option<IpAddr>,
    host: Option<(&'a str, Option<u16>)>,
    identity: Option<&'a str>,
    destination: Option<&'a str>,
    headers: &'a dyn Extract,
}

impl std::fmt::Debug for Sender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl<'a> Sender<'a> {
    /// Creates a sender from the headers of its request or message.
    #[must_use]
    pub fn new(headers: &'a dyn Extract) -> Self {
        Self { peer: None, host: None, identity: None, destination: None, headers }
    }

    /// Sets the address from which the connection came.
    #[must_use]
    pub fn with_peer(mut self, peer: Option<IpAddr>) -> Self {
        self.peer = peer;
        self
    }

    /// Sets the host, and its port if there is one, that the request is for.
    #[must_use]
    pub fn with_host(mut self, host: Option<(&'a str, Option<u16>)>) -> Self {
        self.host = host;
        self
    }

    /// Sets the [identity](PeerIdentity) that the client has proved.
    #[must_use]
    pub fn with_identity(mut self, identity: Option<&'a PeerIdentity>) -> Self {
        self.identity = identity.map(|PeerIdentity(identity)| identity.as_str());
        self
    }

    /// Sets the topic or queue that a message came from.
    #[must_use]
    pub fn with_destination(mut self, destination: Option<&'a str>) -> Self {
        self.destination = destination;
        self
    }
}

impl InboundBoundary {
    /// Creates a boundary whose policy is `default` for all senders.
    #[must_use]
    pub fn new(default: impl Into<InboundPolicy>) -> Self {
        Self { default: default.into(), ..Self::default() }
    }

    fn add(mut self, rule: SenderRule, policy: impl Into<InboundPolicy>) -> Self {
        self.senders.push((rule, policy.into()));
        self
    }

    /// Adds a rule for peers whose address is in one of `networks`. The address is that of the connection, not what proxies
    /// report.
    ///
    /// # Errors
    /// Returns an error for the first item that is not a network.
    pub fn with_peers<N: AsRef<str>>(
        self,
        networks: impl IntoIterator<Item = N>,
        policy: impl Into<InboundPolicy>,
    ) -> Result<Self, NetworkError> {
        let networks = parse(networks)?;
        Ok(self.add(SenderRule::Peers(networks), policy))
    }

    /// Adds a rule for clients with this [`PeerIdentity`]. One `*` stands for any text.
    #[must_use]
    pub fn with_identity(self, identity: &str, policy: impl Into<InboundPolicy>) -> Self {
        self.add(SenderRule::Identity(Pattern::new(identity)), policy)
    }

    /// Adds a rule for messages from a topic or queue. One `*` stands for any text.
    ///
    /// A consumer's peer is the broker, so rules about peers do not apply to messages. If the destination of a message is
    /// not known, the least trust of all these rules and the default applies.
    #[must_use]
    pub fn with_destination(self, destination: &str, policy: impl Into<InboundPolicy>) -> Self {
        self.add(SenderRule::Destination(Pattern::new(destination)), policy)
    }

    /// Adds a rule for requests to a host, such as `api.example`, `*.example` or `api.example:8443`.
    #[must_use]
    pub fn with_host(mut self, host: &str, policy: impl Into<InboundPolicy>) -> Self {
        self.claims.push((Claim::Host(HostPattern::new(host)), policy.into()));
        self
    }

    /// Adds a rule for requests or messages with a header, ignoring the case of its name. In `value`, one `*` stands for any
    /// text.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str, policy: impl Into<InboundPolicy>) -> Self {
        let claim = Claim::Header(name.to_ascii_lowercase(), Pattern::new(value));
        self.claims.push((claim, policy.into()));
        self
    }

    /// Lists proxies whose headers are believed: rules about hosts and headers may raise the trust of requests that come
    /// from these addresses. The proxies must remove such headers from what they receive.
    ///
    /// # Errors
    /// Returns an error for the first item that is not a network.
    pub fn with_proxies<N: AsRef<str>>(
        mut self,
        networks: impl IntoIterator<Item = N>,
    ) -> Result<Self, NetworkError> {
        self.proxies.extend(parse(networks)?);
        Ok(self)
    }

    /// Returns the policy for a request or message from `sender`.
    #[must_use]
    pub fn policy_of(&self, sender: &Sender<'_>) -> &InboundPolicy {
        let by_sender = self.senders.iter().find(|(rule, _)| rule.matches(sender));
        let policy = by_sender.map_or(&self.default, |(_, policy)| policy);
        let from_proxy =
            sender.peer.is_some_and(|peer| self.proxies.iter().any(|network| network.contains(peer)));
        if from_proxy {
            let claim = self.claims.iter().find(|(claim, _)| claim.is_sole(sender));
            return claim.map_or(policy, |(_, policy)| policy);
        }
        let claims = self.claims.iter().filter(|(claim, _)| claim.matches(sender));
        claims
            .map(|(_, claimed)| claimed)
            .chain([policy])
            .min_by_key(|policy| policy.trust())
            .unwrap_or(policy)
    }

    /// Returns the policy for a message from `destination`.
    #[must_use]
    pub fn policy_of_message(&self, destination: Option<&str>, headers: &dyn Extract) -> &InboundPolicy {
        let policy = self.policy_of(&Sender::new(headers).with_destination(destination));
        if destination.is_some() {
            return policy;
        }
        let rules = self.senders.iter().filter(|(rule, _)| matches!(rule, SenderRule::Destination(_)));
        rules.map(|(_, policy)| policy).chain([policy]).min_by_key(|policy| policy.trust()).unwrap_or(policy)
    }
}

fn parse<N: AsRef<str>>(networks: impl IntoIterator<Item = N>) -> Result<Vec<Network>, NetworkError> {
    networks.into_iter().map(|network| network.as_ref().parse()).collect()
}

impl SenderRule {
    fn matches(&self, sender: &Sender<'_>) -> bool {
        match self {
            Self::Peers(networks) => {
                sender.peer.is_some_and(|peer| networks.iter().any(|network| network.contains(peer)))
            }
            Self::Identity(pattern) => sender.identity.is_some_and(|identity| pattern.matches(identity)),
            Self::Destination(pattern) => {
                sender.destination.is_some_and(|destination| pattern.matches(destination))
            }
        }
    }
}

impl Claim {
    /// Returns whether the request makes the claim at all.
    fn matches(&self, sender: &Sender<'_>) -> bool {
        match self {
            Self::Host(pattern) => sender.host.is_some_and(|(host, port)| pattern.matches(host, port)),
            Self::Header(name, pattern) => {
                let mut is_claimed = false;
                sender.headers.for_each(name, &mut |value| is_claimed |= matches_bytes(pattern, value));
                is_claimed
            }
        }
    }

    /// Returns whether the request makes the claim and no other about the same thing.
    fn is_sole(&self, sender: &Sender<'_>) -> bool {
        match self {
            Self::Host(_) => self.matches(sender),
            Self::Header(name, pattern) => {
                sender.headers.single(name).is_some_and(|value| matches_bytes(pattern, value))
            }
        }
    }
}

fn matches_bytes(pattern: &Pattern, value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|value| pattern.matches(value.trim()))
}

impl Extracted {
    /// Removes what `policy` does not accept. The span that starts in the resulting context records the policy.
    ///
    /// ```
    /// use opentelemetry::trace::TraceContextExt;
    /// use tracing_core_lite::propagation::Propagator;
    /// use tracing_core_lite::propagation::boundary::InboundPolicy;
    ///
    /// let carrier = vec![("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    /// let mut extracted = Propagator::default().extract(&carrier);
    /// extracted.apply(&InboundPolicy::Public);
    /// assert!(!extracted.into_context().has_active_span());
    /// ```
    pub fn apply(&mut self, policy: &InboundPolicy) {
        let (span_context, baggage) = match policy {
            InboundPolicy::Trusted => return,
            InboundPolicy::Public => (None, None),
            InboundPolicy::Partner(partner) => (
                self.span_context.as_ref().map(|sender| partner.accepted_span(sender)),
                self.baggage.take().and_then(|baggage| partner.accepted_baggage(baggage)),
            ),
        };
        let mut received = Received::default();
        let sender = std::mem::take(self).span_context;
        match policy {
            InboundPolicy::Partner(partner) => {
                received.policy = Some("partner");
                received.partner = Some(partner.shared_name());
                received.decides_anew = span_context.is_some();
            }
            _ => received.policy = Some("public"),
        }
        self.span_context = span_context;
        self.baggage = baggage;
        self.received = Some(Box::new(received));
        if let (None, Some(sender)) = (&self.span_context, sender) {
            self.add_link(without_claims(&sender), UNTRUSTED, None);
        }
    }
}

/// Returns the ids of `span_context` without flags and tracestate.
fn without_claims(span_context: &SpanContext) -> SpanContext {
    let (trace_id, span_id) = (span_context.trace_id(), span_context.span_id());
    SpanContext::new(trace_id, span_id, TraceFlags::NOT_SAMPLED, true, TraceState::NONE)
}
