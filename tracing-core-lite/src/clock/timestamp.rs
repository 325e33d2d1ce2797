//! The moments at which spans and events happen.

use std::time::{Duration, SystemTime};

use super::anchor;
use super::unix::unix_nanos;

/// A moment of the wall clock, as spans carry it: nanoseconds since the Unix epoch, up to the year 2554.
///
/// One reading may serve all that happens at the same moment, such as an event and the end of its span: to read the system's
/// clock takes 25 ns, and to take the difference of two [`SystemTime`]s over 60 instructions, of two timestamps but a few.
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
pub struct Timestamp(u64);

impl Timestamp {
    /// Reads the clock of spans, which is the system's, read less often.
    ///
    /// On Linux on x86-64, if the kernel's own clock is the processor's counter, each thread asks the system every 100 ms and counts in
    /// between. The time differs from the system's by well under a microsecond, but the system's clock being *set* is noticed up to
    /// 100 ms late. Anywhere else, this is [`SystemTime::now`].
    #[inline]
    #[must_use]
    pub fn now() -> Self {
        Self(anchor::unix_now())
    }

    /// Nanoseconds since the Unix epoch.
    #[inline]
    #[must_use]
    pub const fn unix_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is before, as when the clock was set back.
    #[inline]
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// As [`duration_since`](Timestamp::duration_since), in seconds: the unit of the semantic conventions.
    #[inline]
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e9
    }
}

impl From<SystemTime> for Timestamp {
    /// A time before the epoch counts as the epoch, and one after the year 2554 as its last moment.
    #[inline]
    fn from(time: SystemTime) -> Self {
        Self(unix_nanos(time))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(time.0)
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
        let (earlier, later) = (Timestamp(1_000), Timestamp(2_500_001_000));
        assert_eq!(later.duration_since(earlier), Duration::from_millis(2_500));
        assert_eq!(earlier.duration_since(later), Duration::ZERO);
        assert_eq!((later.seconds_since(earlier), earlier.seconds_since(later)), (2.5, 0.0));
    }
}
