//! The deadline of a call: the header `grpc-timeout`.

use std::time::{Duration, Instant};

use http::HeaderValue;

/// The header with the time that a call may take.
pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// Each side has its own clock. The one that fires first cancels the call at the other side, a little early.
const TOLERANCE: Duration = Duration::from_millis(10);

/// The time by which a call has to end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline that the [header](GRPC_TIMEOUT) of a request sets, counted from now.
    pub(crate) fn of(timeout: &HeaderValue) -> Option<Self> {
        let timeout = parse(timeout.as_bytes())?;
        // At most a tenth of a short timeout.
        let tolerance = TOLERANCE.min(timeout / 10);
        Instant::now().checked_add(timeout - tolerance).map(Self)
    }

    pub(crate) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// Up to eight digits and a unit. Source: gRPC, "gRPC over HTTP2", section "Requests".
fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits.iter().fold(0, |amount: u64, digit| amount * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(amount * 3600),
        b'M' => Duration::from_secs(amount * 60),
        b'S' => Duration::from_secs(amount),
        b'm' => Duration::from_millis(amount),
        b'u' => Duration::from_micros(amount),
        b'n' => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        for (given, expected) in [
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("250m", Some(Duration::from_millis(250))),
            ("7u", Some(Duration::from_micros(7))),
            ("8n", Some(Duration::from_nanos(8))),
            ("123456789n", None),
            ("S", None),
            ("", None),
            ("-1S", None),
            ("1s", None),
        ] {
            assert_eq!(parse(given.as_bytes()), expected, "{given}");
        }
    }
}
