//! Adjusted counts: how many spans a sampled span represents.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// The number of fractional bits.
const FRACTION: u32 = 16;
/// The number of bits of a sampling threshold.
const THRESHOLD_BITS: u32 = 56;

/// A number of spans or traces, with fractions. A span that was sampled with a probability of 1 % represents 100 spans.
///
/// It is a fixed-point number, so that sums do not depend on the order of their parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Weight(u64);

impl Weight {
    /// Represents nothing.
    pub const ZERO: Self = Self(0);
    /// Represents only itself.
    pub const ONE: Self = Self(1 << FRACTION);

    /// Returns the weight from the threshold `th` of the `ot` entry of a `tracestate`, 1 without a valid one.
    ///
    /// Source: OpenTelemetry's "TraceState: Probability Sampling".
    #[must_use]
    pub fn of_trace_state(trace_state: &str) -> Self {
        threshold(trace_state).map_or(Self::ONE, |threshold| {
            let kept = (1u128 << THRESHOLD_BITS) - u128::from(threshold);
            let scaled = (1u128 << (THRESHOLD_BITS + FRACTION)) / kept.max(1);
            Self(u64::try_from(scaled).unwrap_or(u64::MAX))
        })
    }

    /// Returns the weight as a number.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn get(self) -> f64 {
        self.0 as f64 / f64::from(1u32 << FRACTION)
    }

    /// Returns the weight of this many.
    #[must_use]
    pub fn from_count(count: u64) -> Self {
        Self(count.saturating_mul(1 << FRACTION))
    }
}

/// Returns the sampling threshold of a `tracestate`, as a number of 56 bits.
#[must_use]
pub fn threshold(trace_state: &str) -> Option<u64> {
    let entries = trace_state.split(',').filter_map(|entry| entry.trim().strip_prefix("ot="));
    let digits = entries.flat_map(|ot| ot.split(';')).find_map(|it| it.strip_prefix("th:"))?;
    let is_valid = (1..=14).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_hexdigit());
    let number = u64::from_str_radix(digits, 16).ok().filter(|_| is_valid)?;
    Some(number << (THRESHOLD_BITS - 4 * digits.len() as u32))
}

impl Add for Weight {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Weight {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Weight {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}", self.get())
    }
}

impl serde::Serialize for Weight {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

impl<'de> serde::Deserialize<'de> for Weight {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        // Saturates for numbers out of range.
        Ok(Self((number * f64::from(1u32 << FRACTION)).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_become_counts() {
        for (state, expected) in [
            ("", 1.0),
            ("ot=th:0", 1.0),
            ("ot=th:8", 2.0),
            ("vendor=x,ot=rv:1;th:c", 4.0),
            ("ot=th:fd70a3d70a3d71", 100.0),
            ("ot=th:", 1.0),
            ("ot=th:xyz", 1.0),
            ("ot=th:123456789abcdef", 1.0),
        ] {
            assert!((Weight::of_trace_state(state).get() - expected).abs() < 0.001, "{state}");
        }
    }
}
