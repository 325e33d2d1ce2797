//! Which batches are looked into.

use std::time::Instant;

/// The number of spans per second that are looked into.
const SPANS_PER_SECOND: f64 = 5000.0;
/// The number of spans that may be looked into at once.
const BURST: f64 = 20_000.0;
/// Of the other batches, every one of this number is looked into.
const EVERY: u32 = 16;

/// Limits the time for counting values: all spans are looked into at low rates, and a part of them at high rates.
#[derive(Debug)]
pub(super) struct Pace {
    available: f64,
    at: Instant,
    skipped: u32,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { available: BURST, at: now, skipped: 0 }
    }

    /// Returns whether a batch of `spans` spans is looked into.
    pub(super) fn takes(&mut self, spans: usize, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.available = (self.available + since * SPANS_PER_SECOND).min(BURST);
        if self.available >= spans as f64 {
            self.available -= spans as f64;
            return true;
        }
        self.skipped += 1;
        self.skipped.is_multiple_of(EVERY)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_batches_are_taken_at_low_rates_and_a_part_at_high_rates() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let slow = (0..1000).filter(|at| pace.takes(500, start + Duration::from_millis(at * 100))).count();
        assert_eq!(slow, 1000);
        let fast = (0..10_000).filter(|_| pace.takes(500, start + Duration::from_secs(100))).count();
        assert_eq!(fast, 40 + (10_000 - 40) / 16);
    }
}
