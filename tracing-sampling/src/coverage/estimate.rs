//! An estimate of a true count, with its confidence interval.

use tracing_core_lite::sampling::consistent::Threshold;

/// The quantile of the normal distribution for a 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// An estimate of a true count from the kept spans.
///
/// The estimate is the sum of adjusted counts, which is unbiased. Its variance is that of independent decisions, Σ(1−p)/p over
/// all that there were. The interval contains each number for which the estimate is within 1.96 of its standard deviations
/// (a score interval, as Wilson's for proportions), because the textbook interval around the estimate is too short when few are
/// kept.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Estimate {
    /// The number of kept spans, without those of unknown weight.
    pub kept: u64,
    /// The number of spans that were kept without a threshold. The estimate does not include them.
    pub uncounted: u64,
    /// The sum of adjusted counts.
    pub count: f64,
    /// The sum of w·(w − 1) over the adjusted counts w, which estimates the variance.
    variance: f64,
}

impl Estimate {
    /// Adds a kept span. `threshold` is the one that its trace passed, `None` if it is unknown.
    pub fn add(&mut self, threshold: Option<Threshold>) {
        match threshold {
            Some(threshold) if threshold != Threshold::NEVER => {
                let weight = threshold.adjusted_count();
                self.kept += 1;
                self.count += weight;
                self.variance += weight * (weight - 1.0);
            }
            _ => self.uncounted += 1,
        }
    }

    /// Adds another estimate.
    pub(super) fn merge(&mut self, other: &Self) {
        self.kept += other.kept;
        self.uncounted += other.uncounted;
        self.count += other.count;
        self.variance += other.variance;
    }

    /// Returns the 95 % confidence interval of the true count. `None` if nothing was kept.
    ///
    /// ```
    /// use tracing_core_lite::sampling::consistent::Threshold;
    /// use tracing_sampling::coverage::Estimate;
    ///
    /// let mut estimate = Estimate::default();
    /// (0..100).for_each(|_| estimate.add(Threshold::parse("c")));
    /// let (low, high) = estimate.interval().expect("some were kept");
    /// assert!(low > 335.0 && high < 475.0 && estimate.count == 400.0);
    /// ```
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        if self.kept == 0 {
            return None;
        }
        // The variance per count: (1−p)/p if all have one probability.
        let spread = Z * Z * self.variance / self.count;
        let middle = self.count + spread / 2.0;
        let half = (spread * self.count + spread * spread / 4.0).sqrt();
        Some(((middle - half).max(self.kept as f64), middle + half))
    }
}
