//! The report of a run, and whether it passed.

use std::fmt::Display;

use super::calls::Outcomes;
use super::samples::Series;

/// How much more resident memory the last quarter of a run may have than the second, beyond a tenth.
const MEMORY_SLACK_KIB: u64 = 8 * 1024;
/// How many more threads and descriptors may be there at the end than at the start, for pools that have grown.
const MAX_MORE_THREADS: u64 = 12;
const MAX_MORE_DESCRIPTORS: u64 = 40;
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

    /// Checks that a process takes no more at the end than at the start.
    pub(super) fn check_resources(&mut self, series: &Series) {
        let name = series.name;
        let (Some(first), Some(last)) = (series.samples.first(), series.samples.last()) else {
            return self.check(false, format_args!("{name} could not be observed"));
        };
        match (series.memory_between(0.25, 0.5), series.memory_between(0.75, 1.0)) {
            (Some(before), Some(after)) => self.check(
                after <= before + before / 10 + MEMORY_SLACK_KIB,
                format_args!("{name}: memory {before} KiB in the second quarter, {after} KiB in the last"),
            ),
            _ => self.check(false, format_args!("{name}: too few samples of its memory")),
        }
        self.check(
            last.threads <= first.threads + MAX_MORE_THREADS,
            format_args!("{name}: threads {} at the start, {} at the end", first.threads, last.threads),
        );
        self.check(
            last.descriptors <= first.descriptors + MAX_MORE_DESCRIPTORS,
            format_args!(
                "{name}: descriptors {} at the start, {} at the end",
                first.descriptors, last.descriptors
            ),
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
