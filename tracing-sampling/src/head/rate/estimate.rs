//! An estimate of the rate of arrivals.

use super::cusum::Cusum;

/// The time constant of the average, in seconds.
const WINDOW: f64 = 1.0;

/// An estimate of a rate from counts: an average with exponentially decaying weights, which restarts when the rate has
/// changed by a large factor.
///
/// Without the restart, the average would follow a jump only after several time constants. A shorter time constant would
/// make it vary more.
#[derive(Debug)]
pub(super) struct Estimate {
    /// Arrivals, with decaying weights.
    count: f64,
    /// The time that they took, with the same weights.
    seconds: f64,
    rise: Cusum,
    fall: Cusum,
}

impl Default for Estimate {
    fn default() -> Self {
        Self { count: 0.0, seconds: 0.0, rise: Cusum::new(2.0), fall: Cusum::new(0.5) }
    }
}

impl Estimate {
    /// Returns the arrivals per second. `None` before the first interval.
    pub(super) fn rate(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.count / self.seconds)
    }

    /// Records `count` arrivals in `seconds`, which is positive. Returns whether the rate has changed by a large
    /// factor.
    pub(super) fn add(&mut self, count: f64, seconds: f64) -> bool {
        if let Some(rate) = self.rate() {
            let changes = [&mut self.rise, &mut self.fall]
                .map(|cusum| cusum.add(count, seconds, rate).then(|| cusum.since_change()));
            if let Some(since_change) = changes.into_iter().flatten().next() {
                (self.count, self.seconds) = since_change;
                self.rise.reset();
                self.fall.reset();
                return true;
            }
        }
        // The arrivals of the interval are spread over it, so their weights have decayed since.
        let decay = (-seconds / WINDOW).exp();
        let weight = WINDOW * (1.0 - decay);
        self.count = self.count * decay + count * weight / seconds;
        self.seconds = self.seconds * decay + weight;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(rate: f64) -> Estimate {
        let mut estimate = Estimate::default();
        for _ in 0..100 {
            estimate.add(rate / 10.0, 0.1);
        }
        estimate
    }

    #[test]
    fn a_constant_rate_is_found() {
        for rate in [1.0, 100.0, 1e6] {
            assert!((settled(rate).rate().unwrap() / rate - 1.0).abs() < 1e-9);
        }
        assert_eq!(Estimate::default().rate(), None);
    }

    #[test]
    fn a_jump_is_found_in_one_slice() {
        for factor in [10.0, 0.1] {
            let mut estimate = settled(1000.0);
            assert!(estimate.add(100.0 * factor, 0.1));
            assert!((estimate.rate().unwrap() / (1000.0 * factor) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn an_idle_hour_is_forgotten_soon() {
        let mut estimate = Estimate::default();
        estimate.add(0.0, 3600.0);
        for _ in 0..20 {
            estimate.add(1.0, 0.1);
        }
        assert!((estimate.rate().unwrap() - 10.0).abs() < 2.0);
    }
}
