//! Detects a change of a rate.

/// The score at which a change is certain enough. False alarms at a constant rate are about `e^12` slices apart.
const ALARM: f64 = 12.0;

/// A sequential test of whether events arrive at another multiple of the expected rate.
///
/// Page's cumulative sum of log-likelihood ratios for Poisson counts: of all tests with the same rate of false alarms, it
/// finds a change by this factor first.
#[derive(Debug, Clone)]
pub(super) struct Cusum {
    /// The factor to detect.
    factor: f64,
    score: f64,
    count: f64,
    seconds: f64,
}

impl Cusum {
    pub(super) fn new(factor: f64) -> Self {
        Self { factor, score: 0.0, count: 0.0, seconds: 0.0 }
    }

    /// Records `count` events in `seconds`, where `rate` per second were expected. Returns whether the rate has
    /// changed.
    pub(super) fn add(&mut self, count: f64, seconds: f64, rate: f64) -> bool {
        self.score += count * self.factor.ln() - rate * seconds * (self.factor - 1.0);
        if self.score <= 0.0 {
            self.reset();
            return false;
        }
        self.count += count;
        self.seconds += seconds;
        self.score > ALARM
    }

    /// Returns the events and the seconds since the rate changed.
    pub(super) fn since_change(&self) -> (f64, f64) {
        (self.count, self.seconds)
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.factor);
    }
}
