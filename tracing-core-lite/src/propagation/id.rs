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
    // Most ids have all their digits, in lower case.
    let whole = match digits.len() {
        32 => super::hex::decode(digits).map(u128::from_be_bytes),
        16 => super::hex::decode(digits).map(u64::from_be_bytes).map(u128::from),
        _ => None,
    };
    if whole.is_some() {
        return whole;
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

/// Parses a decimal number of at most 20 digits without a sign. Does not allocate.
#[cfg(feature = "datadog")]
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    let (eights, rest) = digits.as_chunks::<8>();
    let mut number = 0;
    // 16 digits cannot overflow.
    for eight in eights {
        number = number * 100_000_000 + eight_digits(*eight)?;
    }
    rest.iter().try_fold(number, |number: u64, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

/// Parses eight digits at once: pairs of digits become numbers, then pairs of these.
#[cfg(feature = "datadog")]
fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let text = u64::from_le_bytes(digits);
    // A digit keeps its high nibble if six is added.
    if text & HIGH != ZEROS || text.wrapping_add(0x0606_0606_0606_0606) & HIGH != ZEROS {
        return None;
    }
    let ones = text ^ ZEROS;
    let twos = (ones.wrapping_mul(10).wrapping_add(ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul(100).wrapping_add(twos >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xffff_ffff)
}

#[cfg(all(test, feature = "datadog"))]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_are_read_as_by_the_standard_library() {
        let numbers =
            ["0", "7", "00000000", "12345678", "123456789", "1844674407370955161", "9999999999999999"];
        let large =
            ["18446744073709551615", "18446744073709551616", "99999999999999999999", "00000000000000000001"];
        for text in numbers.into_iter().chain(large) {
            assert_eq!(decimal(text.as_bytes()), text.parse().ok(), "{text}");
        }
        assert_eq!(decimal(b""), None);
        assert_eq!(decimal(b"000000000000000000001"), None);
    }

    #[test]
    fn every_byte_that_is_no_digit_is_noticed_at_every_place() {
        for place in 0..20 {
            for byte in 0..=255_u8 {
                let mut digits = *b"12345678901234567890";
                digits[place] = byte;
                let expected = std::str::from_utf8(&digits).ok().filter(|_| byte.is_ascii_digit());
                assert_eq!(decimal(&digits), expected.and_then(|text| text.parse().ok()), "{digits:?}");
            }
        }
    }
}
