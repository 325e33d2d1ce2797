//! The threshold of a sampler.

use std::fmt::{self, Display, Formatter};

use super::Randomness;

/// 2⁵⁶: one more than the largest randomness.
const LIMIT: u64 = 1 << 56;

/// [`LIMIT`] as a floating-point number, which is exact.
const LIMIT_F64: f64 = LIMIT as f64;

/// Hex digits of 56 bits.
const DIGITS: u8 = 14;

/// A threshold. Traces whose [`Randomness`] is below it are rejected: 0 rejects none, 2⁵⁶ rejects all.
///
/// It is displayed as the value of `th`: 14 hex digits without trailing zeros, or `0` for zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

/// The error for a probability that has no threshold.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the probability {0} is not from 2^-56 to 1")]
pub struct ProbabilityError(pub f64);

impl Threshold {
    /// The threshold that rejects no trace.
    pub const ALWAYS: Self = Self(0);

    /// The threshold that rejects every trace. It is never sent.
    pub const NEVER: Self = Self(LIMIT);

    /// Returns the threshold that this share of all traces passes.
    ///
    /// # Errors
    /// Returns an error if `probability` is not between 2⁻⁵⁶ and 1.
    pub fn from_probability(probability: f64) -> Result<Self, ProbabilityError> {
        if !(1.0 / LIMIT_F64..=1.0).contains(&probability) {
            return Err(ProbabilityError(probability));
        }
        Ok(Self(LIMIT - (probability * LIMIT_F64).round() as u64))
    }

    /// Returns this threshold rounded to `digits` significant hex digits. Leading zeros and leading `f`s are not
    /// counted, because the precision that matters is the distance to the nearer end of the range. 0 and values above
    /// 14 mean all 14 digits.
    #[must_use]
    pub fn rounded(self, digits: u8) -> Self {
        let aligned = self.0 << 8;
        let leading = aligned.leading_ones().max(aligned.leading_zeros()) / 4;
        let kept = leading + u32::from(digits);
        if digits == 0 || kept >= u32::from(DIGITS) || self == Self::NEVER {
            return self;
        }
        let unit = 1 << (4 * (u32::from(DIGITS) - kept));
        Self((self.0 + unit / 2) / unit * unit)
    }

    /// Parses the value of `th`: 1 to 14 hex digits, padded with zeros on the right.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits =
            (1..=DIGITS.into()).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return None;
        }
        let value = u64::from_str_radix(text, 16).ok()?;
        Some(Self(value << (4 * (usize::from(DIGITS) - text.len()))))
    }

    /// Returns the threshold with this number. Numbers above 2⁵⁶ are treated as 2⁵⁶.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(if bits > LIMIT { LIMIT } else { bits })
    }

    /// Returns the threshold as a number up to 2⁵⁶.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// Returns whether a trace with this randomness passes.
    #[must_use]
    pub fn samples(self, randomness: Randomness) -> bool {
        randomness.get() >= self.0
    }

    /// Returns the share of all traces that passes, from 0 to 1.
    #[must_use]
    pub fn probability(self) -> f64 {
        (LIMIT - self.0) as f64 / LIMIT_F64
    }

    /// Returns the number of spans that each sampled span represents, or 0 if none passes.
    #[must_use]
    pub fn adjusted_count(self) -> f64 {
        if self == Self::NEVER { 0.0 } else { LIMIT_F64 / (LIMIT - self.0) as f64 }
    }
}

impl Display for Threshold {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let digits = format!("{:014x}", self.0);
        f.write_str(match digits.trim_end_matches('0') {
            "" => "0",
            digits => digits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read() {
        for value in [0, 1, 1 << 52, LIMIT - 1, 0xab_cdef_0123_4500] {
            assert_eq!(Threshold::parse(&Threshold(value).to_string()), Some(Threshold(value)));
        }
        assert_eq!(Threshold::parse("+8"), None);
    }

    #[test]
    fn rounding_never_leaves_the_range() {
        for value in [0, 1, LIMIT / 2 - 1, LIMIT - LIMIT / 16 - 1, LIMIT - 2, LIMIT - 1, LIMIT] {
            for digits in 0..20 {
                let rounded = Threshold(value).rounded(digits);
                assert!(rounded.0 <= LIMIT);
                assert_eq!(rounded == Threshold::NEVER, value == LIMIT, "{value:x} {digits}");
            }
        }
    }
}
