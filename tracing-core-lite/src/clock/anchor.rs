//! What time it was at what count of the processor's counter, and how fast that counts.
//!
//! Each thread has an anchor of its own; only the rate is shared, and hardly ever written.

use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::ticks;
use super::unix::unix_nanos;

/// An anchor is renewed after this time. The rate is known to a millionth then, as the system's clock is read within some 50 ns.
const WINDOW: Duration = Duration::from_millis(100);

/// Over more than this the rate is not measured: a machine may have slept, which the counter and the clocks take differently.
const LONGEST: Duration = Duration::from_secs(10);

/// A reading that takes more counts is tried again.
const PROMPT: u64 = 1000;

/// A thread that is less than this ahead of the system's clock, in nanoseconds, goes slower for a while; otherwise the clock was set
/// back.
const AHEAD: u64 = 100_000;

/// Nanoseconds for each count, as a fraction of 2^32; 0 when that is not known.
static RATE: AtomicU64 = AtomicU64::new(0);

/// From 10 GHz to 0.5 GHz: what counts otherwise is no such counter.
const SANE_RATES: std::ops::RangeInclusive<u64> = (1 << 32) / 10..=(1 << 32) * 2;

static IS_A_CLOCK: LazyLock<bool> = LazyLock::new(ticks::is_a_clock);

thread_local! {
    static ANCHOR: Cell<Anchor> = const { Cell::new(Anchor::NONE) };
}

/// The time now, in nanoseconds since the Unix epoch.
#[inline]
pub(crate) fn unix_now() -> u64 {
    ANCHOR.with(|anchor| match anchor.get() {
        Anchor { holds: 0, .. } => renewed(anchor),
        known => known.unix_at(ticks::now()).unwrap_or_else(|| renewed(anchor)),
    })
}

#[cold]
fn renewed(anchor: &Cell<Anchor>) -> u64 {
    if !*IS_A_CLOCK {
        return unix_nanos(SystemTime::now());
    }
    let (next, unix) = anchor.get().renewed(&Reading::now(), &RATE);
    anchor.set(next);
    unix
}

/// What a thread knows of the time.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    ticks: u64,
    unix: u64,
    rate: u64,
    /// For how many counts.
    holds: u64,
    /// By the clock that nobody sets.
    steady: Option<Instant>,
}

impl Anchor {
    const NONE: Self = Self { ticks: 0, unix: 0, rate: 0, holds: 0, steady: None };

    #[inline]
    fn unix_at(&self, ticks: u64) -> Option<u64> {
        // A counter that began anew is far ahead.
        let counted = ticks.wrapping_sub(self.ticks);
        // No overflow: 0.1 s have at most 2^30 counts.
        (counted < self.holds).then(|| self.unix.saturating_add((counted * self.rate) >> 32))
    }

    /// The anchor after this one, and the time.
    fn renewed(self, reading: &Reading, shared: &AtomicU64) -> (Self, u64) {
        let rate = match self.rate_until(reading) {
            Some(rate) => {
                shared.store(rate, Ordering::Relaxed);
                rate
            }
            None => shared.load(Ordering::Relaxed),
        };
        if rate == 0 {
            // The first reading stays, until the rate can be measured from it.
            let next = if self.is_recent(reading) { self } else { Self::without_rate(reading) };
            return (next, reading.unix);
        }
        let holds = ((WINDOW.as_nanos() << 32) / u128::from(rate)) as u64;
        // The latest time that this thread may have seen.
        let seen = self.unix.saturating_add((self.holds * self.rate) >> 32);
        let ahead = seen.saturating_sub(reading.unix);
        let (unix, rate) =
            if (1..AHEAD).contains(&ahead) { (seen, rate - rate / 8192) } else { (reading.unix, rate) };
        (Self { ticks: reading.ticks, unix, rate, holds, steady: Some(reading.steady) }, unix)
    }

    fn without_rate(reading: &Reading) -> Self {
        Self { ticks: reading.ticks, steady: Some(reading.steady), ..Self::NONE }
    }

    fn since(&self, reading: &Reading) -> Option<Duration> {
        self.steady.map(|steady| reading.steady.saturating_duration_since(steady))
    }

    fn is_recent(&self, reading: &Reading) -> bool {
        self.since(reading).is_some_and(|since| since < LONGEST)
    }

    /// How fast the counter counted from this anchor on.
    fn rate_until(&self, reading: &Reading) -> Option<u64> {
        let since = self.since(reading).filter(|since| (WINDOW..LONGEST).contains(since))?;
        let counted = reading.ticks.wrapping_sub(self.ticks);
        let rate = (since.as_nanos() << 32).checked_div(counted.into())?;
        u64::try_from(rate).ok().filter(|rate| SANE_RATES.contains(rate))
    }
}

/// The counter and the clocks, all at the same time.
#[derive(Debug)]
struct Reading {
    ticks: u64,
    unix: u64,
    steady: Instant,
}

impl Reading {
    /// The best of three, as the thread may be interrupted.
    fn now() -> Self {
        let (mut best, mut took) = Self::once();
        for _ in 0..2 {
            if took <= PROMPT {
                break;
            }
            let again = Self::once();
            if again.1 < took {
                (best, took) = again;
            }
        }
        best
    }

    /// And how many counts it took.
    fn once() -> (Self, u64) {
        let before = ticks::now();
        let unix = unix_nanos(SystemTime::now());
        let after = ticks::now();
        let steady = Instant::now();
        let took = ticks::now().saturating_sub(before);
        (Self { ticks: before + after.saturating_sub(before) / 2, unix, steady }, took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GHZ_2: u64 = 1 << 31;
    const WINDOW_NANOS: u64 = 100_000_000;
    const UNIX: u64 = 1_700_000_000_000_000_000;

    /// Of a counter with 2 GHz, `nanos` after `start`.
    fn reading(start: Instant, nanos: u64) -> Reading {
        Reading { ticks: 77 + 2 * nanos, unix: UNIX + nanos, steady: start + Duration::from_nanos(nanos) }
    }

    /// An anchor with a rate, and when it was.
    fn anchored() -> (Anchor, Instant, AtomicU64) {
        let (start, rate) = (Instant::now(), AtomicU64::new(0));
        let first = Anchor::NONE.renewed(&reading(start, 0), &rate).0;
        (first.renewed(&reading(start, WINDOW_NANOS), &rate).0, start, rate)
    }

    #[test]
    fn the_rate_is_measured_over_a_window() {
        let (start, rate) = (Instant::now(), AtomicU64::new(0));
        let mut anchor = Anchor::NONE;
        for nanos in [0, 1, WINDOW_NANOS - 1] {
            let unix;
            (anchor, unix) = anchor.renewed(&reading(start, nanos), &rate);
            assert_eq!(unix, UNIX + nanos);
            assert_eq!(anchor.unix_at(77 + 2 * nanos), None, "the rate is not known");
        }
        (anchor, _) = anchor.renewed(&reading(start, WINDOW_NANOS), &rate);
        assert_eq!(rate.into_inner(), GHZ_2);
        assert_eq!(anchor.unix_at(77 + 2 * WINDOW_NANOS), Some(UNIX + WINDOW_NANOS));
        assert_eq!(anchor.unix_at(77 + 2 * WINDOW_NANOS + 1001), Some(UNIX + WINDOW_NANOS + 500));
    }

    #[test]
    fn another_thread_uses_the_rate_at_once() {
        let (_, start, rate) = anchored();
        let (other, _) = Anchor::NONE.renewed(&reading(start, WINDOW_NANOS + 10), &rate);
        assert_eq!(other.unix_at(77 + 2 * WINDOW_NANOS + 220), Some(UNIX + WINDOW_NANOS + 110));
    }

    #[test]
    fn an_anchor_holds_for_a_window() {
        let (anchor, ..) = anchored();
        let last = 77 + 4 * WINDOW_NANOS - 1;
        assert_eq!(anchor.unix_at(last), Some(UNIX + 2 * WINDOW_NANOS - 1));
        assert_eq!(anchor.unix_at(last + 1), None);
        assert_eq!(anchor.unix_at(5), None, "the counter began anew");
    }

    #[test]
    fn a_rate_over_a_long_time_or_an_impossible_one_is_not_believed() {
        let (anchor, start, rate) = anchored();
        let slept = Reading { ticks: 1 << 60, ..reading(start, LONGEST.as_nanos() as u64 + WINDOW_NANOS) };
        anchor.renewed(&slept, &rate);
        assert_eq!(rate.load(Ordering::Relaxed), GHZ_2);
        for ticks in [anchor.ticks, anchor.ticks + 1000, 3, 1 << 60] {
            anchor.renewed(&Reading { ticks, ..reading(start, 3 * WINDOW_NANOS) }, &rate);
            assert_eq!(rate.load(Ordering::Relaxed), GHZ_2, "{ticks}");
        }
    }

    #[test]
    fn a_thread_that_is_ahead_goes_slower_and_not_back() {
        let (anchor, start, rate) = anchored();
        let behind = |nanos: u64| Reading { unix: UNIX + nanos - 5_000, ..reading(start, nanos) };
        let (slower, unix) = anchor.renewed(&behind(2 * WINDOW_NANOS), &rate);
        assert_eq!(unix, UNIX + 2 * WINDOW_NANOS);
        assert!(slower.rate < GHZ_2);
        assert_eq!(rate.load(Ordering::Relaxed), GHZ_2, "the other threads go on");
        let (on_time, unix) = slower.renewed(&behind(3 * WINDOW_NANOS), &rate);
        assert_eq!(
            unix,
            UNIX + 3 * WINDOW_NANOS - 5_000,
            "the 12 µs that it lost are more than it was ahead"
        );
        assert_eq!(on_time.rate, GHZ_2);
    }

    #[test]
    fn a_clock_that_was_set_back_is_followed() {
        let (anchor, start, rate) = anchored();
        let back = Reading { unix: UNIX - 60_000_000_000, ..reading(start, 2 * WINDOW_NANOS) };
        let (anchor, unix) = anchor.renewed(&back, &rate);
        assert_eq!((unix, anchor.rate), (back.unix, GHZ_2));
    }

    #[test]
    fn the_time_is_the_systems_and_does_not_go_back() {
        let system = || unix_nanos(SystemTime::now());
        let (until, mut last) = (Instant::now() + 4 * WINDOW, 0);
        while Instant::now() < until {
            let before = system();
            let time = unix_now();
            let after = system();
            assert!((before - AHEAD..=after + AHEAD).contains(&time), "{before} {time} {after}");
            assert!(time >= last, "{time} after {last}");
            last = time;
        }
    }
}
