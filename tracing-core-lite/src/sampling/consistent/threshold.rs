//! The threshold of a sampler.

use std::fmt::{self, Display, Formatter};

use super::Randomness;

/// 2⁵⁶: one above every randomness.
const LIMIT: u64 = 1 << 56;

/// The same as a number with a fraction; exact.
const LIMIT_F64: f64 = LIMIT as f64;

/// Hex digits of 56 bits.
const DIGITS: u8 = 14;

/// Traces whose [`Randomness`] lies below are rejected: 0 rejects none, 2⁵⁶ rejects all.
///
/// It is shown as the value of `th`: 14 hex digits without zeros at the end, `0` for zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

/// A probability that no threshold stands for.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the probability {0} is not from 2^-56 to 1")]
pub struct ProbabilityError(pub f64);

impl Threshold {
    /// Rejects nothing.
    pub const ALWAYS: Self = Self(0);

    /// Rejects everything. It is never sent.
    pub const NEVER: Self = Self(LIMIT);

    /// The threshold that this share of all traces passes.
    ///
    /// # Errors
    /// When `probability` is not from 2⁻⁵⁶ to 1.
    pub fn from_probability(probability: f64) -> Result<Self, ProbabilityError> {
        if !(1.0 / LIMIT_F64..=1.0).contains(&probability) {
            return Err(ProbabilityError(probability));
        }
        Ok(Self(LIMIT - (probability * LIMIT_F64).round() as u64))
    }

    /// This threshold rounded to `digits` significant hex digits: leading zeros do not count, and neither do leading `f`s,
    /// since it is the distance to one end of the range that has to be precise. 0 and more than 14 stand for all 14.
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

    /// Reads the value of `th`: 1 to 14 hex digits, to be thought of with zeros after them.
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

    /// As a number up to 2⁵⁶.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// Whether a trace of this randomness passes.
    #[must_use]
    pub fn samples(self, randomness: Randomness) -> bool {
        randomness.get() >= self.0
    }

    /// The share of all traces that passes, from 0 to 1.
    #[must_use]
    pub fn probability(self) -> f64 {
        (LIMIT - self.0) as f64 / LIMIT_F64
    }

    /// How many spans each one that passes stands for; 0 when none does.
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
