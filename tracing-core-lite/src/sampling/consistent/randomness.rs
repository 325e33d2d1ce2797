//! The random number of a trace.

use opentelemetry::trace::TraceId;

/// 56 random bits, the same for all spans of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Randomness(u64);

impl Randomness {
    /// Returns the low 56 bits of a trace id, which W3C Trace Context Level 2 asks to be random.
    #[must_use]
    pub fn from_trace_id(trace_id: TraceId) -> Self {
        let [.., a, b, c, d, e, f, g] = trace_id.to_bytes();
        Self(u64::from_be_bytes([0, a, b, c, d, e, f, g]))
    }

    /// Parses the value of `rv`: exactly 14 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digits { u64::from_str_radix(text, 16).ok().map(Self) } else { None }
    }

    /// Returns the bits as a number below 2⁵⁶.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_low_56_bits_count() {
        let trace_id = TraceId::from(0xaabb_ccdd_eeff_0011_22d2_9d6a_7215_ced0);
        assert_eq!(Randomness::from_trace_id(trace_id).get(), 0xd2_9d6a_7215_ced0);
        assert_eq!(Randomness::parse("d29d6a7215ced0"), Some(Randomness::from_trace_id(trace_id)));
    }

    #[test]
    fn no_sign_is_read() {
        assert_eq!(Randomness::parse("+1234123412341"), None);
        assert_eq!(Randomness::parse("ééééééé"), None);
    }
}
