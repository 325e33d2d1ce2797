//! The report of a run, and whether it passed.

use std::fmt::Display;

use super::calls::Outcomes;
use super::samples::{Sample, Series};

/// How much more a process may take in the last quarter of a run than in the second, beyond a tenth: pools still grow a little.
const MEMORY_SLACK_KIB: u64 = 8 * 1024;
const THREADS_SLACK: u64 = 8;
const DESCRIPTORS_SLACK: u64 = 32;
/// The share of calls that may fail without a fault of the shop.
const UNEXPLAINED_ONE_IN: usize = 200;
/// How often an outcome may happen that the control run does not have, by chance.
const RARE: usize = 5;
/// How much more often calls may fail with recording than without: more than the variation between two runs of the same seed.
const RATE_FACTOR: f64 = 1.5;
const RATE_SLACK: f64 = 0.01;

/// Prints checks, and remembers whether all of them passed.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    failed: usize,
}

impl Verdict {
    /// Prints a check.
    pub(crate) fn check(&mut self, passed: bool, what: impl Display) {
        println!("  {} {what}", if passed { "ok    " } else { "FAILED" });
        self.failed += usize::from(!passed);
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.failed == 0
    }

    /// Checks that a process takes no more in the last quarter of the run than in the second.
    pub(super) fn check_resources(&mut self, series: &Series) {
        type Value = fn(&Sample) -> u64;
        let values: [(&str, Value, u64); 3] = [
            ("KiB of memory", |it| it.resident_kib, MEMORY_SLACK_KIB),
            ("threads", |it| it.threads, THREADS_SLACK),
            ("descriptors", |it| it.descriptors, DESCRIPTORS_SLACK),
        ];
        let name = series.name;
        for (what, value, slack) in values {
            match (series.median(0.25, 0.5, value), series.median(0.75, 1.0, value)) {
                (Some(before), Some(after)) => self.check(
                    after <= before + before / 10 + slack,
                    format_args!("{name}: {before} {what} in the second quarter, {after} in the last"),
                ),
                _ => self.check(false, format_args!("{name}: too few samples of its {what}")),
            }
        }
    }

    /// Checks that no call failed while only the export of spans had faults. A few may, on a machine that is too slow for the
    /// deadlines of the shop.
    pub(super) fn check_unexplained(&mut self, outcomes: &Outcomes) {
        let limit = 1 + outcomes.calls / UNEXPLAINED_ONE_IN;
        self.check(
            outcomes.unexplained.len() <= limit,
            format_args!("{} calls failed without a fault of the shop", outcomes.unexplained.len()),
        );
    }

    /// Checks that calls failed no more often than in a run of the same seed that records nothing, and in the same ways.
    pub(super) fn compare(&mut self, recorded: &Outcomes, control: &Outcomes) {
        let (rate, limit) = (recorded.failure_rate(), control.failure_rate() * RATE_FACTOR + RATE_SLACK);
        self.check(
            rate <= limit,
            format_args!(
                "{:.2} % of {} calls failed; without recording {:.2} % of {}",
                rate * 100.0,
                recorded.calls,
                control.failure_rate() * 100.0,
                control.calls
            ),
        );
        for (outcome, count) in &recorded.failed {
            let known = control.failed.contains_key(outcome);
            // One fault may hit a few calls in one run and none in the other.
            self.check(
                known || *count <= RARE,
                format_args!(
                    "{count} calls failed with {outcome}, {}",
                    match known {
                        true => "as without recording",
                        false => "which did not happen without recording",
                    }
                ),
            );
        }
    }
}
