//! The sampler of a list of rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing_core_lite::redact;
use tracing_core_lite::sampling::{Ratio, SamplingInput};

use super::facts::Facts;
use super::{Rule, RuleError};
use crate::head::composable::{ComposableSampler, Intent, impl_sampler};

/// The policy of spans that no rule matches.
const DEFAULT: &str = "default";

/// A sampler that asks the first rule that matches a span.
///
/// Rules are evaluated before the span's attributes are built, and look up only what they compare. Sampled spans have the
/// name of their rule in the attribute `tracing_suite.sampling.policy`.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::sampling::ParentBased;
/// use tracing_sampling::head::{Rule, Rules};
///
/// let rules = Rules::builder()
///     .with_rule(Rule::sample(0.1).with_route("/checkout"))
///     .with_rule(Rule::sample(1.0).with_path_prefix("/admin/*"))
///     .with_rule(Rule::sample(1.0).with_header("x-tier", "gold"))
///     .with_allowed_header("x-tier")
///     .with_default(0.01)
///     .build()?;
/// let provider = TracerProvider::builder().with_sampler(ParentBased::new(rules)).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    otherwise: Box<dyn ComposableSampler>,
    otherwise_policy: Arc<str>,
}

/// A builder for [`Rules`].
#[derive(Debug)]
#[must_use = "rules are made with `build`"]
pub struct RulesBuilder {
    rules: Vec<Rule>,
    otherwise: Box<dyn ComposableSampler>,
    allowed: BTreeSet<String>,
}

impl Rules {
    /// Creates a builder. Without any rule, every trace is sampled.
    pub fn builder() -> RulesBuilder {
        RulesBuilder { rules: Vec::new(), otherwise: Box::new(Ratio::new(1.0)), allowed: BTreeSet::new() }
    }
}

impl RulesBuilder {
    /// Adds a rule below those added before.
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Sets the share of traces to sample that no rule matches. The default is 1.
    pub fn with_default(self, probability: f64) -> Self {
        self.with_default_sampler(Ratio::new(probability))
    }

    /// Sets the sampler for traces that no rule matches.
    pub fn with_default_sampler(mut self, sampler: impl ComposableSampler) -> Self {
        self.otherwise = Box::new(sampler);
        self
    }

    /// Allows rules to read a header. Clients choose the values of headers, so a rule on a header lets them choose their
    /// rate.
    pub fn with_allowed_header(mut self, name: &str) -> Self {
        self.allowed.insert(name.to_ascii_lowercase());
        self
    }

    /// Builds the sampler.
    ///
    /// # Errors
    /// Returns an error if a rule reads a header that is not allowed, or if an allowed header carries credentials.
    pub fn build(self) -> Result<Rules, RuleError> {
        if let Some(header) = self.allowed.iter().find(|name| redact::is_credential_header(name)) {
            return Err(RuleError::CredentialHeader { header: header.clone() });
        }
        for rule in &self.rules {
            let mut headers = rule.conditions.iter().filter_map(|condition| condition.header());
            if let Some(header) = headers.find(|&name| !self.allowed.contains(name)) {
                return Err(RuleError::HeaderNotAllowed { rule: rule.name().into(), header: header.into() });
            }
        }
        Ok(Rules { rules: self.rules, otherwise: self.otherwise, otherwise_policy: Arc::from(DEFAULT) })
    }
}

impl ComposableSampler for Rules {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        let facts = Facts::new(input);
        match self.rules.iter().find(|rule| rule.matches(&facts)) {
            Some(rule) => named(rule.sampler.intent(input), &rule.policy),
            None => named(self.otherwise.intent(input), &self.otherwise_policy),
        }
    }

    fn description(&self) -> String {
        let rules = self.rules.iter().map(|rule| format!("{}:{},", rule.name(), rule.sampler.description()));
        format!("Rules{{{}default:{}}}", rules.collect::<String>(), self.otherwise.description())
    }
}

/// Sets the rule's name, unless an inner rule has set one.
fn named<'a>(intent: Intent<'a>, policy: &'a Arc<str>) -> Intent<'a> {
    Intent { policy: intent.policy.or(Some(policy)), ..intent }
}

impl_sampler!(Rules);
