//! The clock of spans: the system's, read less often.
//!
//! A span reads a clock at its start, at its end and with each event. Where the processor's counter is what Linux itself tells the time
//! by, each thread asks the system every 100 ms, and counts in between. A reading then takes 9 ns, not 31; among other work, where the
//! system's way of waiting for all that came before costs most, 3 ns, not 18.

mod anchor;
mod ticks;

use std::time::{Duration, SystemTime};

/// The time, as the start and the end of spans have it: for [`start_time`](crate::span::SpanBuilder::start_time),
/// [`end_at`](crate::Span::end_at) and [`event_at`](crate::Recorder::event_at), and cheaper than [`SystemTime::now`].
///
/// On Linux on x86-64, if the kernel's own clock is the processor's counter, each thread asks the system every 100 ms and counts in
/// between. The time differs from the system's by well under a microsecond, and never goes back on a thread; but the system's clock
/// being *set* is noticed up to 100 ms late. Anywhere else, this is [`SystemTime::now`].
///
/// ```
/// use std::time::{Duration, SystemTime};
/// let time = tracing_core_lite::now();
/// assert!(SystemTime::now().duration_since(time).unwrap_or_default() < Duration::from_secs(1));
/// ```
#[must_use]
#[inline]
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(unix_now())
}

/// [`now`] in nanoseconds since the Unix epoch.
#[inline]
pub(crate) fn unix_now() -> u64 {
    anchor::unix_now()
}

/// `time`, or [`now`], in nanoseconds since the Unix epoch.
#[inline]
pub(crate) fn unix_time(time: Option<SystemTime>) -> u64 {
    time.map_or_else(unix_now, unix_nanos)
}

/// Nanoseconds since the Unix epoch; 0 for a time before it, and the largest number for one after the year 2554.
#[inline]
pub(crate) fn unix_nanos(time: SystemTime) -> u64 {
    // `Duration::as_nanos` counts in 128 bits, which takes 4 ns longer.
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| {
        since.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(since.subsec_nanos()))
    })
}
