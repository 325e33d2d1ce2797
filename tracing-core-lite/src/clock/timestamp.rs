//! The moments at which spans and events happen.

use std::time::{Duration, SystemTime};

use super::anchor;
use super::unix::unix_nanos;

/// A moment, as spans carry it: nanoseconds since the Unix epoch, up to the year 2554.
///
/// A timestamp that was [read](Timestamp::now) from the clock of spans also has the time of the monotonic clock. The
/// difference of two such timestamps is right even if the system's clock is set in between.
///
/// One reading may serve all that happens at the same moment, such as an event and the end of its span.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tracing_core_lite::span::Timestamp;
///
/// let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_500);
/// let (earlier, later) = (Timestamp::from(SystemTime::UNIX_EPOCH), Timestamp::from(time));
/// assert_eq!(later.seconds_since(earlier), 1_800_000_000.5);
/// assert_eq!(earlier.seconds_since(later), 0.0);
/// assert_eq!(SystemTime::from(later), time);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    unix: u64,
    /// By how much `unix` is ahead of the monotonic clock, in nanoseconds; wraps. 0 when that clock was not read.
    offset: u64,
}

impl Timestamp {
    /// Reads the clock of spans.
    ///
    /// On Linux on x86-64, if the kernel's own clock is the processor's counter, each thread asks the system every 100 ms
    /// and counts in between. The time then differs from the system's by well under a microsecond, and a step of the
    /// system's clock is noticed up to 100 ms late. Elsewhere, each reading asks the system.
    #[inline]
    #[must_use]
    pub fn now() -> Self {
        let (unix, offset) = anchor::now();
        Self { unix, offset }
    }

    /// Returns the time now [relative to](Timestamp::relative_to) `start`.
    #[inline]
    pub(crate) fn now_relative_to(start: Self) -> u64 {
        if start.offset == 0 {
            return Self::now().unix;
        }
        anchor::steady_now().wrapping_add(start.offset)
    }

    /// Returns the nanoseconds since the Unix epoch.
    #[inline]
    #[must_use]
    pub const fn unix_nanos(self) -> u64 {
        self.unix
    }

    /// Returns how long after `earlier` this is, or zero if it is before.
    ///
    /// If one of the two was made from a [`SystemTime`], this is the difference of wall-clock times.
    #[inline]
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// Like [`duration_since`](Timestamp::duration_since), in seconds: the unit of the semantic conventions.
    #[inline]
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> f64 {
        self.nanos_since(earlier) as f64 / 1e9
    }

    #[inline]
    const fn nanos_since(self, earlier: Self) -> u64 {
        self.relative_to(earlier).saturating_sub(earlier.unix)
    }

    /// Returns this moment in nanoseconds since the Unix epoch as a clock shows it that showed `start` and was not set
    /// since. All times of a span are on the timeline of its start.
    #[inline]
    pub(crate) const fn relative_to(self, start: Self) -> u64 {
        if self.offset == 0 || start.offset == 0 {
            return self.unix;
        }
        self.steady().wrapping_add(start.offset)
    }

    /// Returns the time of the monotonic clock, if it was read.
    const fn steady(self) -> u64 {
        self.unix.wrapping_sub(self.offset)
    }

    /// Returns this moment as a wall clock shows it that has been set.
    #[cfg(test)]
    pub(crate) fn with_wall_clock_at(self, unix: u64) -> Self {
        Self { unix, offset: unix.wrapping_sub(self.steady()) }
    }

    /// Returns the wall-clock time `nanos`, in nanoseconds since the Unix epoch.
    pub(crate) const fn from_unix_nanos(nanos: u64) -> Self {
        Self { unix: nanos, offset: 0 }
    }
}

impl From<SystemTime> for Timestamp {
    /// A time before the epoch counts as the epoch, and one after the year 2554 as its last moment.
    #[inline]
    fn from(time: SystemTime) -> Self {
        Self::from_unix_nanos(unix_nanos(time))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(time.unix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_range_count_as_its_ends() {
        let far = Duration::from_secs(1 << 35);
        for (time, nanos) in [
            (SystemTime::UNIX_EPOCH - far, 0),
            (SystemTime::UNIX_EPOCH, 0),
            (SystemTime::UNIX_EPOCH + Duration::new(2, 3), 2_000_000_003),
            (SystemTime::UNIX_EPOCH + far, u64::MAX),
        ] {
            assert_eq!(Timestamp::from(time).unix_nanos(), nanos, "{time:?}");
        }
    }

    #[test]
    fn differences_are_never_negative() {
        let (earlier, later) = (Timestamp::from_unix_nanos(1_000), Timestamp::from_unix_nanos(2_500_001_000));
        assert_eq!(later.duration_since(earlier), Duration::from_millis(2_500));
        assert_eq!(earlier.duration_since(later), Duration::ZERO);
        assert_eq!((later.seconds_since(earlier), earlier.seconds_since(later)), (2.5, 0.0));
    }

    #[test]
    fn a_step_of_the_wall_clock_does_not_change_a_duration() {
        const HOUR: u64 = 3_600_000_000_000;
        let start = Timestamp { unix: 2 * HOUR, offset: 2 * HOUR - 7 };
        for (step, unix) in [("none", 2 * HOUR + 300), ("forwards", 3 * HOUR + 300), ("back", HOUR + 300)] {
            let end = Timestamp { unix, offset: unix - 307 };
            assert_eq!(end.duration_since(start), Duration::from_nanos(300), "{step}");
            assert_eq!(end.relative_to(start), 2 * HOUR + 300, "{step}");
            assert_eq!(start.duration_since(end), Duration::ZERO, "{step}");
            assert_eq!(start.relative_to(end), unix - 300, "{step}");
        }
        let given = Timestamp::from_unix_nanos(3 * HOUR);
        assert_eq!(given.duration_since(start), Duration::from_nanos(HOUR), "a time that the caller gives");
        assert_eq!(given.relative_to(start), 3 * HOUR, "a time that the caller gives");
    }
}
