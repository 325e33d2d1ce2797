//! The system's time in nanoseconds.

use std::time::SystemTime;

/// Returns `time` in nanoseconds since the Unix epoch: 0 before the epoch, and the largest number after the year 2554.
#[inline]
pub(super) fn unix_nanos(time: SystemTime) -> u64 {
    // `Duration::as_nanos` counts in 128 bits, which is slower.
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| {
        since.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(since.subsec_nanos()))
    })
}
