//! Evaluation as in the Collector.

use super::bucket::{Bucket, SecondShares};
use crate::tail::decision::Decision;
use crate::tail::facts::{Facts, LIMIT};

/// A policy, evaluated by the Collector's rules.
#[derive(Debug)]
pub(super) enum Node {
    Always,
    /// Some span satisfies the condition with this number.
    Met(u8),
    /// No span satisfies the condition with this number.
    Unmet {
        condition: u8,
        legacy: bool,
    },
    Spans {
        min: u64,
        max: u64,
    },
    Probability(f64),
    RateLimit(Bucket),
    BytesLimit(Bucket),
    And(Vec<Node>),
    Drop(Vec<Node>),
    Not(Box<Node>),
    Composite {
        subs: Vec<Node>,
        shares: SecondShares,
    },
}

impl Node {
    /// Returns the outcome for a trace. `now` is in nanoseconds.
    pub(super) fn evaluate(&mut self, trace: u128, facts: &Facts, now: u64) -> Decision {
        let decide = |keeps| if keeps { Decision::Sampled } else { Decision::NotSampled };
        match self {
            Self::Always => Decision::Sampled,
            Self::Met(condition) => decide(facts.matched >> *condition & 1 == 1),
            Self::Unmet { condition, legacy } => match (facts.matched >> *condition & 1 == 1, *legacy) {
                (met, false) => decide(!met),
                (true, true) => Decision::InvertNotSampled,
                (false, true) => Decision::InvertSampled,
            },
            Self::Spans { min, max } => decide(facts.spans >= *min && (*max == 0 || facts.spans <= *max)),
            Self::Probability(probability) => {
                let kept = (*probability * LIMIT as f64) as u64;
                decide(LIMIT - facts.randomness(trace) <= kept)
            }
            Self::RateLimit(bucket) => decide(bucket.take(facts.spans, now)),
            Self::BytesLimit(bucket) => decide(bucket.take(facts.size_in_collector(), now)),
            Self::And(nodes) => decide(all_match(nodes, trace, facts, now)),
            Self::Drop(nodes) => match all_match(nodes, trace, facts, now) {
                true => Decision::Dropped,
                false => Decision::NotSampled,
            },
            Self::Not(node) => node.evaluate(trace, facts, now).negated(),
            Self::Composite { subs, shares } => {
                let matching = subs.iter_mut().position(|sub| sub.evaluate(trace, facts, now).is_match());
                decide(matching.is_some_and(|index| shares.take(index, facts.spans, now)))
            }
        }
    }
}

impl Node {
    /// Appends the states of all budgets to `out`, in a fixed order.
    pub(super) fn save(&self, out: &mut Vec<u64>) {
        match self {
            Self::RateLimit(bucket) | Self::BytesLimit(bucket) => bucket.save(out),
            Self::And(nodes) | Self::Drop(nodes) => nodes.iter().for_each(|node| node.save(out)),
            Self::Not(node) => node.save(out),
            Self::Composite { subs, shares } => {
                subs.iter().for_each(|node| node.save(out));
                shares.save(out);
            }
            _ => {}
        }
    }

    /// Restores a state that [`save`](Self::save) has written.
    pub(super) fn restore(&mut self, state: &mut impl Iterator<Item = u64>) -> Option<()> {
        match self {
            Self::RateLimit(bucket) | Self::BytesLimit(bucket) => bucket.restore(state),
            Self::And(nodes) | Self::Drop(nodes) => nodes.iter_mut().try_for_each(|node| node.restore(state)),
            Self::Not(node) => node.restore(state),
            Self::Composite { subs, shares } => {
                subs.iter_mut().try_for_each(|node| node.restore(state))?;
                shares.restore(state)
            }
            _ => Some(()),
        }
    }
}

/// Asks the nodes in order, up to the first that does not match.
fn all_match(nodes: &mut [Node], trace: u128, facts: &Facts, now: u64) -> bool {
    nodes.iter_mut().all(|node| node.evaluate(trace, facts, now).is_match())
}
