//! When averages are updated.

use std::time::Duration;

/// The first interval after the start and after a change.
const FIRST: Duration = Duration::from_millis(500);

/// The intervals of updates: short ones at the start and after a change, which double up to the usual one.
#[derive(Debug)]
pub(super) struct Schedule {
    usual: Duration,
    interval: Duration,
    start: Duration,
    /// Whether the averages are older than the last change.
    is_fresh: bool,
}

/// The end of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct IntervalEnd {
    /// The length of the interval, in seconds.
    pub(super) seconds: f64,
    /// Whether the counts of the interval replace the averages.
    pub(super) replaces: bool,
}

impl Schedule {
    pub(super) fn new(usual: Duration, now: Duration) -> Self {
        Self { usual, interval: FIRST.min(usual), start: now, is_fresh: true }
    }

    /// Starts an interval because the rate has changed.
    pub(super) fn restart(&mut self, now: Duration) {
        *self = Self::new(self.usual, now);
    }

    /// Returns the interval that ends now, if one does.
    pub(super) fn end(&mut self, now: Duration) -> Option<IntervalEnd> {
        let elapsed = now.checked_sub(self.start)?;
        if elapsed < self.interval {
            return None;
        }
        self.start = now;
        self.interval = (self.interval * 2).min(self.usual);
        let replaces = std::mem::take(&mut self.is_fresh);
        Some(IntervalEnd { seconds: elapsed.as_secs_f64(), replaces })
    }
}
