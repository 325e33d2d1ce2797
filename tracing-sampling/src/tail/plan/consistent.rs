//! Evaluation with consistent thresholds.
//!
//! Every policy returns the chance with which it keeps a trace with these properties, relative to the traces that arrived, in
//! units of 2⁻⁵⁶. "Or" takes the highest chance, and "and" the lowest. A trace is kept if its rank among the traces that
//! arrived is at most the chance.

use super::budget::{self, Budget, Claim};
use super::{NewThreshold, Verdict};
use crate::tail::facts::{Facts, LIMIT};

/// A condition on a trace, without a budget.
#[derive(Debug)]
pub(super) enum Rule {
    Always,
    Met(u8),
    Unmet(u8),
    /// A minimum and a maximum duration in milliseconds; 0 for no maximum.
    Latency(i64, i64),
    Spans {
        min: u64,
        max: u64,
    },
    /// A chance in units of 2⁻⁵⁶.
    Chance(u64),
    All(Vec<Rule>),
    /// The rule is not random.
    Not(Box<Rule>),
}

impl Rule {
    /// Returns the chance with which traces with these facts are kept.
    pub(super) fn chance(&self, facts: &Facts) -> u64 {
        let certain = |keeps| if keeps { LIMIT } else { 0 };
        match self {
            Self::Always => LIMIT,
            Self::Met(condition) => certain(facts.matched >> *condition & 1 == 1),
            Self::Unmet(condition) => certain(facts.matched >> *condition & 1 == 0),
            Self::Latency(min, max) => {
                let millis = facts.duration_millis();
                certain(millis >= *min && (*max == 0 || millis <= *max))
            }
            Self::Spans { min, max } => certain(facts.spans >= *min && (*max == 0 || facts.spans <= *max)),
            Self::Chance(chance) => *chance,
            Self::All(rules) => rules.iter().map(|rule| rule.chance(facts)).fold(LIMIT, u64::min),
            Self::Not(rule) => LIMIT - rule.chance(facts),
        }
    }

    /// Returns whether the chance is a share of what the head let through, even if that is all of it.
    fn is_share(&self) -> bool {
        match self {
            Self::Chance(_) => true,
            Self::All(rules) => rules.iter().any(Self::is_share),
            _ => false,
        }
    }
}

/// A policy: a rule, and a budget for the traces that it matches.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) rule: Rule,
    pub(super) limit: Option<Limit>,
    pub(super) is_drop: bool,
    pub(super) dry_run: bool,
}

#[derive(Debug)]
pub(super) enum Limit {
    Spans(Budget),
    Bytes(Budget),
    Composite { total: Budget, shares: Vec<(Rule, f64)> },
}

impl Limit {
    /// Appends the state to `out`.
    pub(super) fn save(&self, out: &mut Vec<u64>) {
        let (Self::Spans(budget) | Self::Bytes(budget) | Self::Composite { total: budget, .. }) = self;
        budget.save(out);
    }

    /// Restores a saved state.
    pub(super) fn restore(&mut self, state: &mut impl Iterator<Item = u64>) -> Option<()> {
        let (Self::Spans(budget) | Self::Bytes(budget) | Self::Composite { total: budget, .. }) = self;
        budget.restore(state)
    }
}

/// A trace that is to be decided.
#[derive(Debug)]
pub(in crate::tail) struct Candidate<'a> {
    pub(in crate::tail) trace: u128,
    pub(in crate::tail) facts: &'a Facts,
}

impl Candidate<'_> {
    /// Returns the rank of the trace among those that passed the threshold with which it arrived: from 1 to 2⁵⁶.
    fn rank(&self) -> u64 {
        let above = u128::from(LIMIT - self.facts.randomness(self.trace));
        let rank = (above * u128::from(LIMIT)).div_ceil(u128::from(self.passed()));
        rank.min(u128::from(LIMIT)) as u64
    }

    /// Returns the chance with which traces passed the threshold, in units of 2⁻⁵⁶.
    fn passed(&self) -> u64 {
        LIMIT - self.facts.threshold.min(LIMIT - 1)
    }
}

/// The result of all policies for one trace.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// The highest chance, and the policy that gives it.
    best: u64,
    by: Option<usize>,
    /// Whether a policy keeps the trace that neither takes a share nor has a budget.
    is_certain: bool,
    /// The chance that `drop` policies leave: 2⁵⁶ if nothing is dropped.
    cap: u64,
    dropped_by: Option<usize>,
}

/// Decides about `candidates` together. Traces that share a budget must be in the same call.
pub(super) fn decide(
    judges: &mut [Judge],
    candidates: &[Candidate<'_>],
    behind_record_only: bool,
    now: u64,
    mut count: impl FnMut(usize, &Candidate<'_>),
) -> Vec<Verdict> {
    let mut standings: Vec<Standing> = candidates.iter().map(|it| standing(judges, it, &mut count)).collect();
    for (index, judge) in judges.iter_mut().enumerate() {
        if judge.limit.is_some() {
            share_budget(index, judge, candidates, behind_record_only, &mut standings, now, &mut count);
        }
    }
    candidates
        .iter()
        .zip(&standings)
        .map(|(it, standing)| verdict(it, standing, behind_record_only))
        .collect()
}

/// Evaluates the policies without a budget.
fn standing(
    judges: &[Judge],
    candidate: &Candidate<'_>,
    count: &mut impl FnMut(usize, &Candidate<'_>),
) -> Standing {
    let mut standing = Standing { best: 0, by: None, is_certain: false, cap: LIMIT, dropped_by: None };
    let rank = candidate.rank();
    for (index, judge) in judges.iter().enumerate().filter(|(_, judge)| judge.limit.is_none()) {
        let chance = judge.rule.chance(candidate.facts);
        let matches = if judge.is_drop { rank > LIMIT - chance } else { rank <= chance };
        if matches {
            count(index, candidate);
        }
        if judge.dry_run {
            continue;
        }
        if judge.is_drop && LIMIT - chance < standing.cap {
            (standing.cap, standing.dropped_by) = (LIMIT - chance, Some(index));
        } else if !judge.is_drop && chance > standing.best {
            (standing.best, standing.by) = (chance, Some(index));
        }
        standing.is_certain |= !judge.is_drop && chance == LIMIT && !judge.rule.is_share();
    }
    standing
}

/// Spends the budget of a policy on the matching traces that no other policy keeps with certainty.
fn share_budget(
    index: usize,
    judge: &mut Judge,
    candidates: &[Candidate<'_>],
    behind_record_only: bool,
    standings: &mut [Standing],
    now: u64,
    count: &mut impl FnMut(usize, &Candidate<'_>),
) {
    let Judge { rule, limit: Some(limit), dry_run, .. } = judge else { return };
    let claims: Vec<OpenClaim> = (0..candidates.len())
        .map(|at| OpenClaim { at, rank: candidates[at].rank(), cap: rule.chance(candidates[at].facts) })
        .filter(|claim| {
            let standing = &standings[claim.at];
            let is_open = !behind_record_only || candidates[claim.at].facts.sampled;
            is_open && standing.best < LIMIT && claim.rank <= claim.cap.min(standing.cap)
        })
        .collect();
    let spans = |claim: &OpenClaim| candidates[claim.at].facts.spans;
    let chances = match limit {
        Limit::Spans(total) => one_budget(&claims, total.spend(now), spans),
        Limit::Bytes(total) => {
            one_budget(&claims, total.spend(now), |claim| candidates[claim.at].facts.bytes)
        }
        Limit::Composite { total, shares } => {
            let total = total.spend(now);
            let share_of = |claim: &OpenClaim| {
                let facts = candidates[claim.at].facts;
                shares.iter().position(|(rule, _)| claim.rank <= rule.chance(facts))
            };
            shared_budget(&claims, total, shares, share_of, spans)
        }
    };
    for (claim, chance) in claims.iter().zip(chances) {
        if claim.rank <= chance {
            count(index, &candidates[claim.at]);
            let standing = &mut standings[claim.at];
            let chance = chance.min(claim.cap);
            if !*dry_run && chance > standing.best {
                (standing.best, standing.by) = (chance, Some(index));
            }
        }
    }
}

/// A trace that a budget may be spent on.
struct OpenClaim {
    /// The number of the candidate.
    at: usize,
    rank: u64,
    /// The chance that the policy gives the trace without the budget.
    cap: u64,
}

/// Returns the chance of each claim on one budget.
fn one_budget(claims: &[OpenClaim], budget: f64, cost: impl Fn(&OpenClaim) -> u64) -> Vec<u64> {
    let mut sorted: Vec<_> = claims.iter().map(|it| Claim { rank: it.rank, cost: cost(it) }).collect();
    vec![budget::chance(&mut sorted, budget); claims.len()]
}

/// Returns the chance of each claim on a budget that is shared. A claim belongs to the first share that keeps it.
fn shared_budget(
    claims: &[OpenClaim],
    total: f64,
    shares: &[(Rule, f64)],
    share_of: impl Fn(&OpenClaim) -> Option<usize>,
    cost: impl Fn(&OpenClaim) -> u64,
) -> Vec<u64> {
    let of: Vec<Option<usize>> = claims.iter().map(share_of).collect();
    let mut by_share = vec![Vec::new(); shares.len()];
    for (claim, share) in claims.iter().zip(&of) {
        if let Some(share) = share {
            by_share[*share].push(Claim { rank: claim.rank, cost: cost(claim) });
        }
    }
    let all: f64 = shares.iter().map(|(_, part)| part).sum();
    let entitled: Vec<f64> = shares.iter().map(|(_, part)| total * part / all.max(1.0)).collect();
    let wants = |claims: &Vec<Claim>| claims.iter().map(|claim| claim.cost as f64).sum();
    let wanted: Vec<f64> = by_share.iter().map(wants).collect();
    let given = budget::divide(total, &entitled, &wanted);
    let each: Vec<u64> =
        by_share.iter_mut().zip(given).map(|(claims, given)| budget::chance(claims, given)).collect();
    of.iter().map(|share| share.map_or(0, |share| each[share])).collect()
}

/// Returns the decision about a trace from the probability that it gets.
fn verdict(candidate: &Candidate<'_>, standing: &Standing, behind_record_only: bool) -> Verdict {
    let chance = standing.best.min(standing.cap);
    let is_dropped = standing.cap < standing.best;
    let is_certain = standing.is_certain && !is_dropped;
    if chance == LIMIT && (is_certain || !behind_record_only) {
        let threshold = if behind_record_only { NewThreshold::Always } else { NewThreshold::AtLeast(0) };
        return Verdict { kept: true, by: standing.by, threshold: Some(threshold) };
    }
    // A trace that the head did not sample represents only itself, so only policies that are not random keep it.
    let is_certain_only = behind_record_only && !candidate.facts.sampled;
    if is_certain_only || candidate.rank() > chance {
        let by = standing.dropped_by.filter(|_| is_dropped);
        return Verdict { kept: false, by, threshold: None };
    }
    let kept = u128::from(chance) * u128::from(candidate.passed()) / u128::from(LIMIT);
    Verdict { kept: true, by: standing.by, threshold: Some(NewThreshold::AtLeast(LIMIT - kept as u64)) }
}
