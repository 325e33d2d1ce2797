//! Durations in a histogram whose buckets are at most 1 % wide.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::merge::Merge;

/// The number of buckets per power of two. 128 buckets are at most 0.8 % wide.
const BITS: u32 = 7;

/// A histogram of nanoseconds. Quantiles are off by at most 0.4 %.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Histogram {
    buckets: BTreeMap<u32, u64>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Histogram {
    /// Adds a duration.
    pub fn add(&mut self, nanos: u64) {
        *self.buckets.entry(bucket(nanos)).or_default() += 1;
        self.min = if self.count == 0 { nanos } else { self.min.min(nanos) };
        self.max = self.max.max(nanos);
        self.count += 1;
        self.sum += u128::from(nanos);
    }

    /// Returns the number of durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the sum in nanoseconds.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Returns the mean in nanoseconds, 0 without durations.
    #[must_use]
    pub fn mean(&self) -> u64 {
        u64::try_from(self.sum / u128::from(self.count.max(1))).unwrap_or(u64::MAX)
    }

    /// Returns the shortest duration, 0 without durations.
    #[must_use]
    pub fn min(&self) -> u64 {
        self.min
    }

    /// Returns the longest duration, 0 without durations.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Returns the duration that a share `quantile` (0 to 1) of all durations does not exceed; 0 without durations.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub fn quantile(&self, quantile: f64) -> u64 {
        let rank = ((quantile.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (&bucket, &count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return middle(bucket).clamp(self.min, self.max);
            }
        }
        self.max
    }

    /// Returns the bucket that holds the duration with this rank, counted from 0 for the shortest: its bounds in nanoseconds,
    /// both inclusive, and the number of shorter durations that are in other buckets. `None` if there are fewer durations.
    #[must_use]
    pub fn bucket_of_rank(&self, rank: u64) -> Option<(u64, u64, u64)> {
        let mut before = 0;
        for (&bucket, &count) in &self.buckets {
            if rank < before + count {
                let (low, width) = low_and_width(bucket);
                return Some((low, low + (width - 1), before));
            }
            before += count;
        }
        None
    }

    /// Returns the number of durations per bucket: its middle in nanoseconds, and the count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.buckets.iter().map(|(&bucket, &count)| (middle(bucket), count))
    }
}

impl Merge for Histogram {
    fn merge_from(&mut self, other: Self) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        self.buckets.merge_from(other.buckets);
    }
}

fn bucket(nanos: u64) -> u32 {
    let exponent = (nanos | 1).ilog2().saturating_sub(BITS);
    (exponent << BITS) + u32::try_from(nanos >> exponent).unwrap_or(0)
}

fn middle(bucket: u32) -> u64 {
    let (low, width) = low_and_width(bucket);
    low + (width >> 1)
}

fn low_and_width(bucket: u32) -> (u64, u64) {
    // Below 2^8, each number has its own bucket.
    let exponent = (bucket >> BITS).saturating_sub(1);
    let mantissa = u64::from(bucket - (exponent << BITS));
    (mantissa << exponent, 1u64 << exponent)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_half_a_percent() {
        let mut histogram = Histogram::default();
        for nanos in (1..=100_000u64).map(|it| it * 1_000) {
            histogram.add(nanos);
        }
        for (quantile, exact) in [(0.5, 5e7), (0.95, 9.5e7), (0.99, 9.9e7), (1.0, 1e8)] {
            #[allow(clippy::cast_precision_loss)]
            let found = histogram.quantile(quantile) as f64;
            assert!((found / exact - 1.0).abs() < 0.005, "{quantile}: {found}");
        }
        assert_eq!((histogram.count(), histogram.max(), histogram.min()), (100_000, 100_000_000, 1_000));
    }

    #[test]
    fn each_number_is_near_the_middle_of_its_bucket() {
        for nanos in [0, 1, 127, 128, 255, 256, 257, 1 << 20, u64::MAX] {
            let middle = middle(bucket(nanos));
            assert!(middle.abs_diff(nanos) <= nanos / 128, "{nanos}: {middle}");
            let mut histogram = Histogram::default();
            histogram.add(nanos);
            let (low, high, before) = histogram.bucket_of_rank(0).unwrap();
            assert!(low <= nanos && nanos <= high && before == 0, "{nanos}: {low} to {high}");
            assert_eq!(histogram.bucket_of_rank(1), None);
        }
    }
}
