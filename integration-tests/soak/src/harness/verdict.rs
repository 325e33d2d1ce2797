//! The report of a run, and whether it passed.

use std::fmt::Display;

use super::calls::Outcomes;
use super::samples::{Sample, Series};

/// How much more a process may take in the last quarter of a run than in the second, beyond a tenth: pools still grow a little.
const MEMORY_SLACK_KIB: u64 = 8 * 1024;
const THREADS_SLACK: u64 = 8;
const DESCRIPTORS_SLACK: u64 = 32;
/// How much more often calls may fail with recording than without: more than the variation between two runs of the same seed.
const RATE_FACTOR: f64 = 1.5;
const RATE_SLACK: f64 = 0.01;

/// Prints checks, and remembers whether all of them passed.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    failed: usize,
}

impl Verdict {
    /// Prints a check.
    pub(super) fn check(&mut self, passed: bool, what: impl Display) {
        println!("  {} {what}", if passed { "ok    " } else { "FAILED" });
        self.failed += usize::from(!passed);
    }

    pub(super) fn has_passed(&self) -> bool {
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
            // A kind that the shorter run would show less than three times may be missing there by chance.
            let expected = *count as f64 * control.calls as f64 / recorded.calls.max(1) as f64;
            self.check(
                known || expected < 3.0,
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
