//! One rule.

use std::sync::Arc;

use tracing_core_lite::SpanKind;
use tracing_core_lite::sampling::{AlwaysOn, AttributeValue, Ratio};

use super::condition::Condition;
use super::facts::Facts;
use super::force::ForceRule;
use crate::head::composable::ComposableSampler;

/// A rule: a span that satisfies all of its conditions is sampled by its sampler.
///
/// A rule without conditions matches every span. Conditions check what is known when a span starts. For spans of the HTTP
/// and gRPC layers and the messaging kit, these are the attributes that the spans start with.
///
/// ```
/// use tracing_sampling::head::Rule;
///
/// let rule = Rule::sample(0.1).with_route("/checkout").with_method("POST");
/// assert_eq!(rule.name(), "route=/checkout method=POST");
/// ```
#[derive(Debug)]
pub struct Rule {
    pub(super) conditions: Vec<Condition>,
    pub(super) sampler: Box<dyn ComposableSampler>,
    pub(super) policy: Arc<str>,
    is_named: bool,
}

impl Rule {
    /// Creates a rule that samples this share of the traces that it matches, from 0 to 1. Values above 1 are treated as 1,
    /// values below 2⁻⁵⁶ and NaN as 0.
    #[must_use]
    pub fn sample(probability: f64) -> Self {
        Self::new(Ratio::new(probability))
    }

    /// Creates a rule with a sampler, such as a [`RateLimiting`](super::super::RateLimiting).
    #[must_use]
    pub fn new(sampler: impl ComposableSampler) -> Self {
        Self { conditions: Vec::new(), sampler: Box::new(sampler), policy: Arc::from("any"), is_named: false }
    }

    /// Creates a rule that samples what `force` matches.
    #[must_use]
    pub fn force(force: ForceRule) -> Self {
        Self::new(AlwaysOn).when(Condition::Force(force))
    }

    /// Matches a route, `http.route`, as the router names it: `/orders/{id}`.
    #[must_use]
    pub fn with_route(self, route: impl Into<String>) -> Self {
        self.when(Condition::Route(route.into()))
    }

    /// Matches paths, `url.path`, that are this one or lie below it: `/admin`, which may be written `/admin/*`, matches
    /// `/admin` and `/admin/users`, but not `/administrator`. The path is compared as the client sent it.
    #[must_use]
    pub fn with_path_prefix(self, prefix: &str) -> Self {
        let prefix = prefix.strip_suffix('*').unwrap_or(prefix);
        self.when(Condition::PathPrefix(prefix.trim_end_matches('/').to_owned()))
    }

    /// Matches the method: `http.request.method`, such as `POST`, or `rpc.method`, such as `shop.Orders/Place`.
    #[must_use]
    pub fn with_method(self, method: impl Into<String>) -> Self {
        self.when(Condition::Method(method.into()))
    }

    /// Matches the `service.name` of this service, for rules that several services share.
    #[must_use]
    pub fn with_service(self, name: impl Into<String>) -> Self {
        self.when(Condition::Service(name.into()))
    }

    /// Matches the name of the span.
    #[must_use]
    pub fn with_span_name(self, name: impl Into<String>) -> Self {
        self.when(Condition::Name(name.into()))
    }

    /// Matches the kind of the span.
    #[must_use]
    pub fn with_kind(self, kind: SpanKind) -> Self {
        self.when(Condition::Kind(kind))
    }

    /// Matches an attribute that the span starts with, by value and type.
    #[must_use]
    pub fn with_attribute(self, key: impl Into<String>, value: impl Into<AttributeValue<'static>>) -> Self {
        self.when(Condition::Attribute(key.into(), value.into()))
    }

    /// Matches the first value of a header of the request. The header must be
    /// [allowed](super::RulesBuilder::with_allowed_header).
    #[must_use]
    pub fn with_header(self, name: &str, value: impl Into<String>) -> Self {
        self.when(Condition::Header { name: name.to_ascii_lowercase(), value: value.into() })
    }

    /// Sets the name, which sampled spans have as the attribute `tracing_suite.sampling.policy`. The default name lists the
    /// conditions.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.policy = Arc::from(name);
        self.is_named = true;
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.policy
    }

    fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        if !self.is_named {
            let conditions: Vec<_> = self.conditions.iter().map(ToString::to_string).collect();
            self.policy = conditions.join(" ").into();
        }
        self
    }

    #[inline]
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(facts))
    }
}
