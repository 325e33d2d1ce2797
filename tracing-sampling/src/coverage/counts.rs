//! The counts of one operation.

use std::collections::BTreeMap;

use super::Estimate;

/// The maximum number of policies of an operation that are counted separately.
const MAX_POLICIES: usize = 100;

/// The name under which everything beyond a limit is counted.
pub(super) const OTHERS: &str = "(others)";

/// The counts of one operation of one service.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) policies: BTreeMap<Box<str>, PolicyCounts>,
}

/// The counts of one policy.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PolicyCounts {
    /// Decisions.
    pub(super) seen: u64,
    /// Decisions to sample.
    pub(super) sampled: u64,
    /// The sum of the probabilities.
    pub(super) expected: f64,
    /// The exported spans.
    pub(super) exported: Estimate,
}

impl Counts {
    pub(super) fn policy(&mut self, policy: &str) -> &mut PolicyCounts {
        let is_full = self.policies.len() >= MAX_POLICIES && !self.policies.contains_key(policy);
        let policy = if is_full { OTHERS } else { policy };
        self.policies.entry(policy.into()).or_default()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (policy, counts) in &other.policies {
            self.policy(policy).merge(counts);
        }
    }
}

impl PolicyCounts {
    pub(super) fn merge(&mut self, other: &Self) {
        self.seen += other.seen;
        self.sampled += other.sampled;
        self.expected += other.expected;
        self.exported.merge(&other.exported);
    }
}
