//! Budgets that are spent by randomness.

use crate::tail::facts::LIMIT;

/// A budget of spans or bytes per second.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    rate: f64,
    /// When the budget was last spent, in nanoseconds. `None` before the first time.
    at: Option<u64>,
}

/// The maximum time over which an unused budget accumulates, and the time that the first budget covers, in seconds.
const SAVED: f64 = 1.0;

/// A trace that claims a part of a budget.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    /// The rank of the trace among those that arrived, uniform from 1 to 2⁵⁶. The trace is kept if its rank is at most the
    /// chance.
    pub(super) rank: u64,
    pub(super) cost: u64,
}

impl Budget {
    pub(super) fn new(rate: f64) -> Self {
        Self { rate, at: None }
    }

    /// Appends the state to `out`.
    pub(super) fn save(&self, out: &mut Vec<u64>) {
        out.push(self.at.unwrap_or(u64::MAX));
    }

    /// Restores a saved state.
    pub(super) fn restore(&mut self, state: &mut impl Iterator<Item = u64>) -> Option<()> {
        self.at = Some(state.next()?).filter(|at| *at != u64::MAX);
        Some(())
    }

    /// Returns what has accumulated since the last call.
    pub(super) fn spend(&mut self, now: u64) -> f64 {
        let seconds = self.at.map_or(SAVED, |at| now.saturating_sub(at) as f64 / 1e9);
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
        self.rate * seconds.min(SAVED)
    }
}

/// Returns the chance with which claims are kept, in units of 2⁻⁵⁶: one less than the rank of the first claim that does not
/// fit into the budget, so that exactly the claims before it are kept. Returns 2⁵⁶ if all of them fit.
///
/// The rank of the first *excluded* claim makes the estimate of the true count unbiased (Ting, "Adaptive Threshold
/// Sampling", section 3.1).
pub(super) fn chance(claims: &mut [Claim], budget: f64) -> u64 {
    claims.sort_by_key(|claim| claim.rank);
    let mut used = 0.0;
    for claim in claims.iter() {
        used += claim.cost as f64;
        if used > budget {
            return claim.rank - 1;
        }
    }
    LIMIT
}

/// Divides `total` among shares that are entitled to `allocated` and want `wanted`: each gets what it wants up to its
/// allocation, and what is left goes to those that want more, in proportion to their allocations.
pub(super) fn divide(total: f64, allocated: &[f64], wanted: &[f64]) -> Vec<f64> {
    let mut given: Vec<f64> =
        allocated.iter().zip(wanted).map(|(allocated, wanted)| allocated.min(*wanted)).collect();
    for _ in 0..given.len() {
        let left = total - given.iter().sum::<f64>();
        let hungry: f64 = (0..given.len()).filter(|&i| given[i] < wanted[i]).map(|i| allocated[i]).sum();
        if left <= f64::EPSILON * total || hungry <= 0.0 {
            break;
        }
        for i in 0..given.len() {
            if given[i] < wanted[i] {
                given[i] = (given[i] + left * allocated[i] / hungry).min(wanted[i]);
            }
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_excluded_claim_sets_the_probability() {
        let claim = |rank, cost| Claim { rank, cost };
        let mut claims = [claim(LIMIT - 10, 2), claim(LIMIT - 100, 2), claim(LIMIT - 50, 2)];
        assert_eq!(chance(&mut claims, 5.0), LIMIT - 11);
        assert_eq!(chance(&mut claims, 6.0), LIMIT);
        assert_eq!(chance(&mut [claim(1, 2)], 1.0), 0);
    }

    #[test]
    fn unused_budget_is_shared() {
        assert_eq!(divide(10.0, &[5.0, 5.0], &[2.0, 20.0]), [2.0, 8.0]);
        assert_eq!(divide(10.0, &[5.0, 5.0], &[20.0, 20.0]), [5.0, 5.0]);
        assert_eq!(divide(12.0, &[3.0, 6.0, 3.0], &[100.0, 0.0, 4.0]), [8.0, 0.0, 4.0]);
        assert_eq!(divide(10.0, &[5.0, 5.0], &[1.0, 1.0]), [1.0, 1.0]);
    }

    #[test]
    fn a_budget_is_saved_for_a_second() {
        let mut budget = Budget::new(10.0);
        assert_eq!(budget.spend(5_000_000_000), 10.0);
        assert_eq!(budget.spend(5_500_000_000), 5.0);
        assert_eq!(budget.spend(4_000_000_000), 0.0, "the clock went back");
        assert_eq!(budget.spend(60_000_000_000), 10.0);
    }
}
