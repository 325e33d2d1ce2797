//! Span contexts from ids as numbers, and ids of fewer digits than W3C Trace Context has.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Returns a remote span context without tracestate, or `None` if an id is zero.
pub(super) fn remote(trace_id: u128, span_id: u64, is_sampled: bool) -> Option<SpanContext> {
    let flags = TraceFlags::default().with_sampled(is_sampled);
    let (trace_id, span_id) = (TraceId::from(trace_id), SpanId::from(span_id));
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE)).filter(SpanContext::is_valid)
}

/// Returns the low half of a trace id.
#[cfg(any(feature = "datadog", feature = "ottrace"))]
pub(super) fn low(trace_id: TraceId) -> u64 {
    u128::from_be_bytes(trace_id.to_bytes()) as u64
}

/// Returns the high half of a trace id. It is zero for a widened 64-bit id.
#[cfg(feature = "datadog")]
pub(super) fn high(trace_id: TraceId) -> u64 {
    (u128::from_be_bytes(trace_id.to_bytes()) >> 64) as u64
}

/// Parses 1 to `most` hexadecimal digits of either case, at most 32.
#[cfg(any(feature = "jaeger", feature = "ottrace"))]
pub(super) fn hex_number(digits: &[u8], most: usize) -> Option<u128> {
    if digits.is_empty() || digits.len() > most.min(32) {
        return None;
    }
    digits.iter().try_fold(0, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return None,
        };
        Some((number << 4) | u128::from(value))
    })
}

/// Parses exactly 16 or 32 lower-case hexadecimal digits. 16 digits are the low half of the id.
#[cfg(feature = "b3")]
pub(super) fn trace_id(digits: &[u8]) -> Option<u128> {
    match digits.len() {
        32 => super::hex::decode(digits).map(u128::from_be_bytes),
        16 => span_id(digits).map(u128::from),
        _ => None,
    }
}

/// Parses exactly 16 lower-case hexadecimal digits.
#[cfg(any(feature = "b3", feature = "datadog", feature = "xray"))]
pub(super) fn span_id(digits: &[u8]) -> Option<u64> {
    if digits.len() != 16 {
        return None;
    }
    super::hex::decode(digits).map(u64::from_be_bytes)
}

/// Parses a decimal number without a sign. Does not allocate.
#[cfg(feature = "datadog")]
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
