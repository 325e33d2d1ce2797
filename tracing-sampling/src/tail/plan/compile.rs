//! Compiles policies.

use std::sync::Arc;

use tracing_core_lite::pipeline::view::{AttributeView, Items, SpanHead, SpanView};

use super::Verdict;
use super::bucket::{Bucket, SecondShares};
use super::budget::Budget;
use super::collector::Node;
use super::condition::{Condition, Conditions, Test};
use super::consistent::{self, Candidate, Judge, Limit, Rule};
use crate::tail::decision::Decision;
use crate::tail::facts::{Facts, LIMIT, status_bit};
use crate::tail::policy::{Policy, PolicyKind, Share};
use crate::tail::settings::{CollectorVersion, Mode, TailSettings};
use crate::tail::size::Origin;

/// An error in a policy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("policy {policy:?}: {reason}")]
pub struct PlanError {
    /// The name of the policy.
    pub policy: String,
    /// The problem, and the valid values.
    pub reason: String,
}

/// Compiled policies with their state.
#[derive(Debug)]
pub(in crate::tail) struct Plan {
    conditions: Conditions,
    pub(in crate::tail) names: Vec<Arc<str>>,
    rules: Rules,
    behind_record_only: bool,
    first_match: bool,
    /// Whether a bound compares with the size of traces as the Collector encodes them.
    measures_size: bool,
}

#[derive(Debug)]
enum Rules {
    Collector(Vec<Evaluator>),
    Consistent(Vec<Judge>),
}

#[derive(Debug)]
struct Evaluator {
    node: Node,
    dry_run: bool,
}

impl Plan {
    /// Compiles the policies. Rates are divided by the number of shards.
    pub(in crate::tail) fn new(settings: &TailSettings) -> Result<Self, PlanError> {
        let mut compiler = Compiler {
            conditions: Conditions::default(),
            version: match settings.mode {
                Mode::Collector(version) => Some(version),
                Mode::Consistent => None,
            },
            shards: settings.shards.max(1) as u64,
            share: settings.budget_share.clamp(0.0, 1.0),
            policy: String::new(),
        };
        compiler.conditions.lenient = compiler.version.is_some();
        let mut names: Vec<Arc<str>> = Vec::new();
        for policy in &settings.policies {
            compiler.policy.clone_from(&policy.name);
            if policy.name.is_empty() || names.iter().any(|name| **name == *policy.name) {
                return compiler.error("a policy needs a name that no other policy has");
            }
            names.push(Arc::from(policy.name.as_str()));
        }
        let rules = match settings.mode {
            Mode::Collector(_) => Rules::Collector(
                settings.policies.iter().map(|it| compiler.evaluator(it)).collect::<Result<_, _>>()?,
            ),
            Mode::Consistent => Rules::Consistent(
                settings.policies.iter().map(|it| compiler.judge(it)).collect::<Result<_, _>>()?,
            ),
        };
        Ok(Self {
            conditions: compiler.conditions,
            names,
            rules,
            behind_record_only: settings.record_only_head,
            first_match: settings.sample_on_first_match,
            measures_size: matches!(settings.mode, Mode::Collector(_))
                && (settings.maximum_trace_size_bytes > 0 || settings.policies.iter().any(limits_bytes)),
        })
    }

    /// Returns the conditions that a resource satisfies.
    pub(in crate::tail) fn of_resource(&self, attributes: Items<'_, AttributeView<'_>>) -> u128 {
        self.conditions.of_resource(attributes)
    }

    /// Adds a span to the facts about its trace.
    #[inline]
    pub(in crate::tail) fn observe(
        &self,
        facts: &mut Facts,
        head: &SpanHead<'_>,
        span: &SpanView<'_>,
        of_resource: u128,
        from: Origin<'_>,
    ) {
        facts.add(head, span.bytes().len());
        if self.measures_size {
            facts.size.get_or_insert_default().add(span.bytes(), from);
        }
        facts.matched |= of_resource;
        self.conditions.add_span(facts, head, span);
    }

    /// Returns whether traces are decided together, because they share a budget that is spent by randomness.
    pub(in crate::tail) fn has_budget(&self) -> bool {
        matches!(&self.rules, Rules::Consistent(judges) if judges.iter().any(|judge| judge.limit.is_some()))
    }

    /// Returns the states of all budgets.
    pub(in crate::tail) fn budgets(&self) -> Vec<u64> {
        let mut out = Vec::new();
        match &self.rules {
            Rules::Collector(all) => all.iter().for_each(|evaluator| evaluator.node.save(&mut out)),
            Rules::Consistent(all) => {
                all.iter().filter_map(|it| it.limit.as_ref()).for_each(|it| it.save(&mut out))
            }
        }
        out
    }

    /// Restores the states of all budgets. Returns false, and changes nothing, if they are those of other policies.
    pub(in crate::tail) fn restore_budgets(&mut self, state: &[u64]) -> bool {
        if state.len() != self.budgets().len() {
            return false;
        }
        let mut state = state.iter().copied();
        let restored = match &mut self.rules {
            Rules::Collector(all) => all.iter_mut().try_for_each(|it| it.node.restore(&mut state)),
            Rules::Consistent(all) => {
                all.iter_mut().filter_map(|it| it.limit.as_mut()).try_for_each(|it| it.restore(&mut state))
            }
        };
        restored.is_some()
    }

    /// Decides about `candidates`. Calls `count` with each matching policy and its trace.
    pub(in crate::tail) fn decide(
        &mut self,
        candidates: &[Candidate<'_>],
        now: u64,
        mut count: impl FnMut(usize, &Candidate<'_>),
    ) -> Vec<Verdict> {
        match &mut self.rules {
            Rules::Consistent(judges) => {
                consistent::decide(judges, candidates, self.behind_record_only, now, count)
            }
            Rules::Collector(evaluators) => candidates
                .iter()
                // The Collector reads the clock for each trace, so that some time passes between two of them.
                .zip(now..)
                .map(|(candidate, now)| {
                    collector_verdict(evaluators, candidate, self.first_match, now, &mut count)
                })
                .collect(),
        }
    }
}

/// Drop policies are asked first. If one drops, no other is asked, so no budget is spent.
fn collector_verdict(
    evaluators: &mut [Evaluator],
    candidate: &Candidate<'_>,
    first_match: bool,
    now: u64,
    count: &mut impl FnMut(usize, &Candidate<'_>),
) -> Verdict {
    // Drop policies and dry runs do not vote for "not sampled".
    let (mut voters, mut votes) = (Vec::new(), Vec::new());
    for drops in [true, false] {
        for (index, evaluator) in evaluators.iter_mut().enumerate() {
            if matches!(evaluator.node, Node::Drop(_)) != drops {
                continue;
            }
            let outcome = evaluator.node.evaluate(candidate.trace, candidate.facts, now);
            if outcome.is_match() || outcome == Decision::Dropped {
                count(index, candidate);
            }
            if evaluator.dry_run {
                continue;
            }
            if outcome == Decision::Dropped {
                return Verdict { kept: false, by: Some(index), threshold: None };
            }
            if !drops {
                voters.push(index);
                votes.push(outcome);
                if first_match && outcome == Decision::Sampled {
                    break;
                }
            }
        }
    }
    let (kept, by) = Decision::combine(&votes);
    Verdict { kept, by: by.map(|by| voters[by]), threshold: None }
}

struct Compiler {
    conditions: Conditions,
    version: Option<CollectorVersion>,
    shards: u64,
    /// The share of budgets in addition to that of a shard.
    share: f64,
    policy: String,
}

impl Compiler {
    fn error<T>(&self, reason: impl Into<String>) -> Result<T, PlanError> {
        Err(PlanError { policy: self.policy.clone(), reason: reason.into() })
    }

    fn condition(&mut self, condition: Condition) -> Result<u8, PlanError> {
        match self.conditions.add(condition) {
            Some(number) => Ok(number),
            None => self.error(format!("there are more than {} different conditions", Conditions::MAX)),
        }
    }

    fn per_shard(&self, rate: u64) -> u64 {
        self.scaled(rate.div_ceil(self.shards)).ceil() as u64
    }

    fn scaled(&self, rate: u64) -> f64 {
        rate as f64 * self.share
    }

    /// Returns the rate of one shard, which need not be whole.
    fn rate(&self, rate: u64) -> f64 {
        self.scaled(rate.div_ceil(self.shards))
    }

    /// Returns the condition of a policy on single spans, and whether it is inverted.
    fn on_spans(&mut self, kind: &PolicyKind) -> Result<Option<(u8, bool)>, PlanError> {
        let (condition, invert) = match kind {
            PolicyKind::Attribute { key, matches, invert } => {
                let test = match Test::new(matches) {
                    Ok(test) => test,
                    Err(error) => return self.error(format!("not a regular expression: {error}")),
                };
                (Condition::Attribute { key: key.clone(), test }, *invert)
            }
            PolicyKind::StatusCode(codes) if codes.is_empty() => {
                return self.error("it has no status code; valid are OK, ERROR and UNSET");
            }
            PolicyKind::StatusCode(codes) => {
                (Condition::Status(codes.iter().map(|code| status_bit(*code)).fold(0, |a, b| a | b)), false)
            }
            PolicyKind::TraceState { key, values } => {
                // A member has at most 256 bytes, of which one is the equals sign.
                let can_match = |value: &&String| !value.is_empty() && key.len() + value.len() < 256;
                let values = values.iter().filter(can_match).cloned().collect();
                (Condition::TraceState { key: key.clone(), values }, false)
            }
            PolicyKind::TraceFlags => (Condition::Sampled, false),
            _ => return Ok(None),
        };
        Ok(Some((self.condition(condition)?, invert)))
    }

    fn evaluator(&mut self, policy: &Policy) -> Result<Evaluator, PlanError> {
        self.policy.clone_from(&policy.name);
        Ok(Evaluator { node: self.node(policy)?, dry_run: policy.dry_run })
    }

    fn nodes(&mut self, policies: &[Policy]) -> Result<Vec<Node>, PlanError> {
        policies.iter().map(|policy| self.node(policy)).collect()
    }

    fn node(&mut self, policy: &Policy) -> Result<Node, PlanError> {
        if let Some((condition, invert)) = self.on_spans(&policy.kind)? {
            let legacy = self.version == Some(CollectorVersion::V0_140);
            return Ok(if invert { Node::Unmet { condition, legacy } } else { Node::Met(condition) });
        }
        Ok(match &policy.kind {
            PolicyKind::Latency { threshold_ms, upper_threshold_ms } => {
                let (above, up_to) = match (*upper_threshold_ms, self.version) {
                    (0, Some(CollectorVersion::V0_140)) => (threshold_ms.saturating_sub(1), i64::MAX),
                    (0, _) => (*threshold_ms, i64::MAX),
                    (upper, _) => (*threshold_ms, upper),
                };
                Node::Met(self.condition(Condition::RunningLatency(above, up_to))?)
            }
            PolicyKind::Probabilistic { sampling_percentage } => {
                Node::Probability((sampling_percentage / 100.0).clamp(0.0, 1.0))
            }
            PolicyKind::RateLimiting { spans_per_second, burst_capacity } => {
                Node::RateLimit(self.bucket(*spans_per_second, *burst_capacity))
            }
            PolicyKind::BytesLimiting { bytes_per_second, burst_capacity } => {
                Node::BytesLimit(self.bucket(*bytes_per_second, *burst_capacity))
            }
            PolicyKind::SpanCount { min_spans, max_spans } => {
                Node::Spans { min: *min_spans, max: *max_spans }
            }
            PolicyKind::And(policies) => Node::And(self.nodes(policies)?),
            PolicyKind::Drop(policies) => Node::Drop(self.nodes(policies)?),
            PolicyKind::Not(policy) => Node::Not(Box::new(self.node(policy)?)),
            PolicyKind::Composite { max_total_spans_per_second, shares } => {
                let total = self.per_shard(*max_total_spans_per_second);
                let subs = shares.iter().map(|it| self.node(&it.policy)).collect::<Result<_, _>>()?;
                let allocated =
                    allocations(total, shares, self.shards).into_iter().map(|it| it as u64).collect();
                Node::Composite { subs, shares: SecondShares::new(total, allocated) }
            }
            _ => Node::Always,
        })
    }

    /// The burst is not divided among shards, so that a large trace stays admissible.
    fn bucket(&self, rate: u64, burst: Option<u64>) -> Bucket {
        Bucket::new(self.rate(rate), burst.filter(|burst| *burst > 0).unwrap_or(rate.saturating_mul(2)))
    }

    fn judge(&mut self, policy: &Policy) -> Result<Judge, PlanError> {
        self.policy.clone_from(&policy.name);
        let mut limit = None;
        let (rule, is_drop) = match &policy.kind {
            PolicyKind::Drop(policies) => (self.all(policies, &mut None)?, true),
            _ => (self.rule(policy, &mut Some(&mut limit))?, false),
        };
        Ok(Judge { rule, limit, is_drop, dry_run: policy.dry_run })
    }

    fn all(
        &mut self,
        policies: &[Policy],
        limit: &mut Option<&mut Option<Limit>>,
    ) -> Result<Rule, PlanError> {
        Ok(Rule::All(policies.iter().map(|policy| self.rule(policy, limit)).collect::<Result<_, _>>()?))
    }

    /// Compiles a policy. A budget is stored in `limit`, if the policy can have one here.
    fn rule(&mut self, policy: &Policy, limit: &mut Option<&mut Option<Limit>>) -> Result<Rule, PlanError> {
        if let Some((condition, invert)) = self.on_spans(&policy.kind)? {
            return Ok(if invert { Rule::Unmet(condition) } else { Rule::Met(condition) });
        }
        let budget = match &policy.kind {
            PolicyKind::AlwaysSample => return Ok(Rule::Always),
            PolicyKind::Latency { threshold_ms, upper_threshold_ms } => {
                return Ok(Rule::Latency(*threshold_ms, *upper_threshold_ms));
            }
            PolicyKind::Probabilistic { sampling_percentage } => {
                let share = (sampling_percentage / 100.0).clamp(0.0, 1.0);
                return Ok(Rule::Chance((share * LIMIT as f64) as u64));
            }
            PolicyKind::SpanCount { min_spans, max_spans } => {
                return Ok(Rule::Spans { min: *min_spans, max: *max_spans });
            }
            PolicyKind::And(policies) => return self.all(policies, limit),
            PolicyKind::Not(policy) if is_random(policy) => {
                return self
                    .error("`not` of a randomised policy has no threshold; negate its conditions instead");
            }
            PolicyKind::Not(policy) => return Ok(Rule::Not(Box::new(self.rule(policy, &mut None)?))),
            PolicyKind::Drop(_) => return self.error("`drop` cannot be inside another policy"),
            PolicyKind::RateLimiting { spans_per_second, .. } => {
                Limit::Spans(Budget::new(self.rate(*spans_per_second)))
            }
            PolicyKind::BytesLimiting { bytes_per_second, .. } => {
                Limit::Bytes(Budget::new(self.rate(*bytes_per_second)))
            }
            PolicyKind::Composite { max_total_spans_per_second, shares } => {
                let total = self.per_shard(*max_total_spans_per_second);
                let parts = allocations(total, shares, self.shards);
                let total = self.rate(*max_total_spans_per_second);
                let rules = shares
                    .iter()
                    .map(|it| self.rule(&it.policy, &mut None))
                    .collect::<Result<Vec<_>, _>>()?;
                Limit::Composite { total: Budget::new(total), shares: rules.into_iter().zip(parts).collect() }
            }
            _ => return self.error("this version does not know its type"),
        };
        match limit {
            Some(place) if place.is_none() => **place = Some(budget),
            _ => return self.error("a budget must be a policy of its own, or one part of an `and`"),
        }
        Ok(Rule::Always)
    }
}

/// Returns the spans per second of each share. One without an allocation gets an equal part of the total.
fn allocations(total: u64, shares: &[Share], shards: u64) -> Vec<f64> {
    let equal = total as f64 / shares.len().max(1) as f64;
    let of = |share: &Share| share.spans_per_second.map_or(equal, |rate| rate.div_ceil(shards) as f64);
    shares.iter().map(of).collect()
}

fn limits_bytes(policy: &Policy) -> bool {
    match &policy.kind {
        PolicyKind::BytesLimiting { .. } => true,
        PolicyKind::And(policies) | PolicyKind::Drop(policies) => policies.iter().any(limits_bytes),
        PolicyKind::Not(policy) => limits_bytes(policy),
        PolicyKind::Composite { shares, .. } => shares.iter().any(|share| limits_bytes(&share.policy)),
        _ => false,
    }
}

fn is_random(policy: &Policy) -> bool {
    match &policy.kind {
        PolicyKind::Probabilistic { .. }
        | PolicyKind::RateLimiting { .. }
        | PolicyKind::BytesLimiting { .. }
        | PolicyKind::Composite { .. } => true,
        PolicyKind::And(policies) | PolicyKind::Drop(policies) => policies.iter().any(is_random),
        PolicyKind::Not(policy) => is_random(policy),
        _ => false,
    }
}
