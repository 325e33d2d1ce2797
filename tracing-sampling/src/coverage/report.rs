//! The report.

use super::counts::PolicyCounts;
use super::table::Table;
use super::{Coverage, Disagreement, Estimate};

impl Coverage {
    /// Returns the counts so far.
    #[must_use]
    pub fn report(&self) -> CoverageReport {
        CoverageReport::new(&self.sum(), self.agreement().disagreements())
    }
}

/// The counts of a [`Coverage`].
///
/// `Display` writes a table.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CoverageReport {
    /// The counts by service, operation and policy, in this order.
    pub rows: Vec<CoverageRow>,
    /// The sum of all rows.
    pub total: CoverageRow,
    /// Operations that were seen but never kept, with the expected number of kept ones.
    pub never_kept: Vec<NeverKept>,
    /// Services that disagree about thresholds.
    pub disagreements: Vec<Disagreement>,
}

/// The counts of one policy for one operation.
///
/// Counts are of local roots: spans without a parent in their own process.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CoverageRow {
    /// The service.
    pub service: String,
    /// The name of the local root span.
    pub operation: String,
    /// The policy.
    pub policy: String,
    /// Decisions about roots of traces. 0 if no sampler is counted.
    pub seen: u64,
    /// Decisions to sample.
    pub kept: u64,
    /// Decisions to drop.
    pub dropped: u64,
    /// The exported roots, and the estimate from them.
    pub exported: Estimate,
    /// The 95 % confidence interval of the true count.
    pub interval: Option<(f64, f64)>,
}

/// An operation that was never kept.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NeverKept {
    /// The service.
    pub service: String,
    /// The name of the root span.
    pub operation: String,
    /// Decisions about roots of traces.
    pub seen: u64,
    /// The sum of their probabilities, which is the expected number of kept ones. A value well above 1 indicates a problem.
    pub expected: f64,
}

impl CoverageRow {
    fn new(names: [&str; 3], counts: &PolicyCounts) -> Self {
        let [service, operation, policy] = names.map(str::to_owned);
        Self {
            service,
            operation,
            policy,
            seen: counts.seen,
            kept: counts.sampled,
            dropped: counts.seen - counts.sampled,
            exported: counts.exported,
            interval: counts.exported.interval(),
        }
    }
}

impl CoverageReport {
    fn new(table: &Table, disagreements: Vec<Disagreement>) -> Self {
        let (mut rows, mut never_kept, mut total) = (Vec::new(), Vec::new(), PolicyCounts::default());
        for (service, operation, counts) in table.iter() {
            let mut all = PolicyCounts::default();
            for (policy, counts) in &counts.policies {
                all.merge(counts);
                rows.push(CoverageRow::new([service, operation, policy], counts));
            }
            total.merge(&all);
            if all.sampled == 0 && all.exported.kept == 0 && all.exported.uncounted == 0 {
                never_kept.push(NeverKept {
                    service: service.to_owned(),
                    operation: operation.to_owned(),
                    seen: all.seen,
                    expected: all.expected,
                });
            }
        }
        Self { rows, total: CoverageRow::new(["", "", "total"], &total), never_kept, disagreements }
    }

    /// Returns the report as JSON.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts and finite numbers can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}
