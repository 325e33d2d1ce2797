//! What identifies a span, and its form in the ledger.

use std::fmt;
use std::str::FromStr;

/// The ids of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SpanKey {
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
}

impl SpanKey {
    /// Reads ids in hexadecimal digits.
    pub(crate) fn from_hex(trace_id: &str, span_id: &str) -> Option<Self> {
        if (trace_id.len(), span_id.len()) != (32, 16) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok()?;
        Some(Self { trace_id, span_id: u64::from_str_radix(span_id, 16).ok()? })
    }
}

impl fmt::Display for SpanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}{:016x}", self.trace_id, self.span_id)
    }
}

/// This is no key of a span.
#[derive(Debug, thiserror::Error)]
#[error("not 48 hexadecimal digits")]
pub(crate) struct InvalidKey;

impl FromStr for SpanKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        text.split_at_checked(32).and_then(|(trace, span)| Self::from_hex(trace, span)).ok_or(InvalidKey)
    }
}
