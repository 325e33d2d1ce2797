//! The boundary of clients and producers.

use std::sync::Arc;

use super::OutboundPolicy;
use super::pattern::{HostPattern, Pattern};

/// The rules by which a client or producer decides what it sends to a receiver.
///
/// The first rule that matches the host, topic or exchange decides, in the order in which they were added. If none matches,
/// the default applies. With [`with_only`](Self::with_only), nothing is sent to any other host, whatever the rules say. A
/// host that cannot be determined gets nothing.
///
/// Each attempt and each redirect that goes through the layer gets its own decision.
#[derive(Debug, Clone, Default)]
pub struct OutboundBoundary {
    default: OutboundPolicy,
    rules: Vec<Rule>,
    only: Option<Vec<Target>>,
}

#[derive(Debug, Clone)]
struct Rule {
    target: Target,
    policy: OutboundPolicy,
    partner: Option<Arc<str>>,
}

/// A text that names a host or a topic.
#[derive(Debug, Clone)]
struct Target {
    host: HostPattern,
    name: Pattern,
}

/// Who a request or message is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receiver<'a> {
    /// A host, and its port if it is known.
    Host(&'a str, Option<u16>),
    /// A topic, queue or exchange.
    Destination(&'a str),
    /// Not known.
    Unknown,
}

impl Target {
    fn new(text: &str) -> Self {
        Self { host: HostPattern::new(text), name: Pattern::new(text) }
    }

    fn matches(&self, receiver: Receiver<'_>) -> bool {
        match receiver {
            Receiver::Host(host, port) => self.host.matches(host, port),
            Receiver::Destination(name) => self.name.matches(name),
            Receiver::Unknown => false,
        }
    }
}

impl OutboundBoundary {
    /// Creates a boundary whose policy is `default` for all receivers.
    #[must_use]
    pub fn new(default: OutboundPolicy) -> Self {
        Self { default, ..Self::default() }
    }

    /// Adds a rule for a host such as `api.example`, `*.example` or `api.example:8443`, or for a topic or exchange such as
    /// `orders.*`. One `*` stands for any text.
    #[must_use]
    pub fn with_rule(self, receiver: &str, policy: OutboundPolicy) -> Self {
        self.add(receiver, policy, None)
    }

    /// Adds a rule like [`with_rule`](Self::with_rule) for a partner. `name` becomes `service.peer.name` of the spans of
    /// calls to it.
    #[must_use]
    pub fn with_partner(self, receiver: &str, name: impl Into<Arc<str>>, policy: OutboundPolicy) -> Self {
        self.add(receiver, policy, Some(name.into()))
    }

    fn add(mut self, receiver: &str, policy: OutboundPolicy, partner: Option<Arc<str>>) -> Self {
        self.rules.push(Rule { target: Target::new(receiver), policy, partner });
        self
    }

    /// Lists all receivers that get anything. Patterns are those of [`with_rule`](Self::with_rule). Further calls add to
    /// the list.
    #[must_use]
    pub fn with_only<R: AsRef<str>>(mut self, receivers: impl IntoIterator<Item = R>) -> Self {
        let receivers = receivers.into_iter().map(|receiver| Target::new(receiver.as_ref()));
        self.only.get_or_insert_default().extend(receivers);
        self
    }

    /// Returns what is sent to `receiver`.
    #[must_use]
    pub fn policy_of(&self, receiver: Receiver<'_>) -> OutboundPolicy {
        let is_listed = || self.only.as_ref().is_none_or(|only| only.iter().any(|it| it.matches(receiver)));
        if receiver == Receiver::Unknown || !is_listed() {
            return OutboundPolicy::Nothing;
        }
        self.rule(receiver).map_or(self.default, |rule| rule.policy)
    }

    /// Returns the name of the partner that `receiver` belongs to.
    #[must_use]
    pub fn partner_of(&self, receiver: Receiver<'_>) -> Option<&str> {
        self.rule(receiver)?.partner.as_deref()
    }

    fn rule(&self, receiver: Receiver<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.target.matches(receiver))
    }
}
