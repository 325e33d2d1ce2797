//! Sampled timing of the work that spans cause on the threads that start, write and end them.
//!
//! One of 256 sections is timed on average. The distance between two is random, so that a repeating sequence of calls does
//! not always hit the same call.

use std::cell::Cell;
use std::time::Duration;

use super::account::{Account, Part};
use crate::clock::steady_nanos;

/// The average number of sections for each that is timed.
pub(crate) const INTERVAL: u32 = 256;

/// Before its first timed section, a thread warms up: its buffers are allocated.
const FIRST: u32 = 100;

/// A section that takes longer was interrupted by the scheduler. It is left out.
const LONGEST: u64 = 200_000;

thread_local! {
    /// Sections until the next one that is timed.
    static LEFT: Cell<u32> = const { Cell::new(FIRST) };
    /// The number of sections that the next timed one stands for: those since the last one, and itself.
    static NEXT_WEIGHT: Cell<u32> = const { Cell::new(FIRST + 1) };
    /// The number of sections that the one stands for that is being timed.
    static WEIGHT: Cell<u32> = const { Cell::new(0) };
}

/// A section of code that may be timed.
#[derive(Debug)]
#[must_use = "a section is measured when it ends"]
pub(crate) struct Section {
    /// The reading of the clock, or 0 if the section is not timed.
    start: u64,
}

impl Section {
    /// Begins a section.
    #[cfg(any(test, feature = "tower", feature = "tracing-layer"))]
    #[inline(always)]
    pub(crate) fn begin() -> Self {
        if Self::is_due() { Self::begin_timed() } else { Self { start: 0 } }
    }

    /// Counts a section. Returns whether it is to be timed, by [`begin_timed`](Section::begin_timed).
    #[inline(always)]
    pub(crate) fn is_due() -> bool {
        let (left, is_due) = LEFT.get().overflowing_sub(1);
        LEFT.set(left);
        is_due
    }

    /// Begins a section that is timed.
    #[cold]
    #[inline(never)]
    pub(crate) fn begin_timed() -> Self {
        let distance = fastrand::u32(INTERVAL / 2..INTERVAL / 2 + INTERVAL);
        WEIGHT.set(NEXT_WEIGHT.replace(distance));
        LEFT.set(distance - 1);
        Self { start: steady_nanos() }
    }

    /// Ends the section. If it was timed, its time is added to `account`.
    #[inline(always)]
    pub(crate) fn end(self, account: &Account, part: Part) {
        if self.start != 0 {
            self.end_timed(account, part);
        }
    }

    /// Like [`end`](Section::end), for a section in which a span started. `is_recorded` runs only if the section was timed.
    #[cfg(any(feature = "tower", feature = "tracing-layer"))]
    #[inline(always)]
    pub(crate) fn end_start(self, account: &Account, is_recorded: impl FnOnce() -> bool) {
        if self.start != 0 {
            self.end_timed(account, Part::Start { recorded: is_recorded() });
        }
    }

    #[cold]
    #[inline(never)]
    fn end_timed(self, account: &Account, part: Part) {
        let end = steady_nanos();
        // The reading itself is not part of the work.
        let reading = steady_nanos().saturating_sub(end);
        let nanos = end.saturating_sub(self.start).saturating_sub(reading);
        if nanos <= LONGEST {
            account.add(part, Duration::from_nanos(nanos), WEIGHT.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_section_is_timed_as_often_as_the_others() {
        let accounts = [Account::default(), Account::default()];
        const ROUNDS: u32 = 200_000;
        for _ in 0..ROUNDS {
            // As many sections as divide the interval.
            for account in &accounts {
                Section::begin().end(account, Part::Write);
            }
        }
        for account in &accounts {
            let sections = account.totals().sections;
            let expected = f64::from(ROUNDS);
            assert!((sections as f64 - expected).abs() < expected * 0.3, "{sections} of {expected}");
        }
    }

    #[test]
    fn a_section_that_was_interrupted_is_left_out() {
        let account = Account::default();
        let long_ago = steady_nanos().saturating_sub(LONGEST * 2).max(1);
        Section { start: long_ago }.end(&account, Part::End);
        assert_eq!(account.totals().samples, 0);
    }
}
