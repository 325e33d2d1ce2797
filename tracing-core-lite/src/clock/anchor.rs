//! The time at a count of the processor's counter, and the rate of the counter.
//!
//! Each thread has its own anchor. Only the rate is shared, and it is rarely written. `docs/design/clock.md` describes how the
//! times are derived and how accurate they are.

use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use super::ticks;
use super::unix::unix_nanos;

/// An anchor is renewed after this time, in nanoseconds.
const WINDOW: u64 = 100_000_000;

/// The rate is not measured over more than this, in nanoseconds: the machine may have slept, which the counter and the
/// clocks count differently.
const LONGEST: u64 = 10_000_000_000;

/// A reading that takes more counts is repeated.
const PROMPT: u64 = 1000;

/// A thread's clock that is ahead of the system's by less than this, in nanoseconds, runs slower for a window. If it is ahead
/// by more, the system's clock was set back, and the thread follows immediately.
const AHEAD: u64 = 100_000;

/// The divisor of the rate by which a clock runs slower.
const SLOWER_BY: u64 = 8192;

/// Nanoseconds for each count, as a fraction of 2^32; 0 when that is not known.
static RATE: AtomicU64 = AtomicU64::new(0);

/// From 10 GHz to 0.5 GHz. Another rate is an error of measurement.
const SANE_RATES: std::ops::RangeInclusive<u64> = (1 << 32) / 10..=(1 << 32) * 2;

static IS_A_CLOCK: LazyLock<bool> = LazyLock::new(ticks::is_a_clock);

/// The zero of the monotonic clock.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    static ANCHOR: Cell<Anchor> = const { Cell::new(Anchor::NONE) };
}

/// Returns the time now in nanoseconds since the Unix epoch, and by how much that is ahead of the monotonic clock, which is
/// never 0.
#[inline]
pub(super) fn now() -> (u64, u64) {
    ANCHOR.with(|anchor| {
        let known = anchor.get();
        known.at(ticks::now()).map_or_else(|| renewed(anchor), |(unix, _)| (unix, known.offset))
    })
}

/// Returns the time of the monotonic clock now.
#[inline]
pub(crate) fn steady_now() -> u64 {
    ANCHOR.with(|anchor| {
        anchor.get().at(ticks::now()).map_or_else(
            || {
                let (unix, offset) = renewed(anchor);
                unix.wrapping_sub(offset)
            },
            |(_, steady)| steady,
        )
    })
}

#[cold]
fn renewed(anchor: &Cell<Anchor>) -> (u64, u64) {
    if !*IS_A_CLOCK {
        let unix = unix_nanos(SystemTime::now());
        return (unix, offset_between(unix, steady_nanos(Instant::now())));
    }
    let next = anchor.get().renewed(&Reading::now(), &RATE);
    anchor.set(next);
    (next.unix_after(0), next.offset)
}

/// Returns `instant` in nanoseconds since the origin; never 0.
fn steady_nanos(instant: Instant) -> u64 {
    let since = instant.saturating_duration_since(*ORIGIN);
    since.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(since.subsec_nanos())).max(1)
}

/// Returns by how much the wall clock is ahead of the monotonic one; never 0. It wraps: the wall clock may be behind.
fn offset_between(unix: u64, steady: u64) -> u64 {
    unix.wrapping_sub(steady).max(1)
}

/// Returns the time at which a clock goes on that has shown `seen` when the system's shows `system`, and whether it has to go
/// slower. It never goes back by a little.
fn continued(seen: u64, system: u64) -> (u64, bool) {
    let is_ahead = (1..AHEAD).contains(&seen.saturating_sub(system));
    (if is_ahead { seen } else { system }, is_ahead)
}

/// A thread's reference point of both clocks.
///
/// Both clocks run at the same rate from here, so one multiplication serves both.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    ticks: u64,
    /// The monotonic time at `ticks`.
    steady: u64,
    /// By how much the wall clock is ahead of the monotonic one.
    offset: u64,
    rate: u64,
    /// For how many counts.
    holds: u64,
    /// When the system's clocks were read: the monotonic time, or 0 for never.
    read_at: u64,
}

impl Anchor {
    const NONE: Self = Self { ticks: 0, steady: 0, offset: 0, rate: 0, holds: 0, read_at: 0 };

    /// Returns both times at a count, the wall clock's first, or `None` if the anchor is not valid there.
    #[inline]
    fn at(&self, ticks: u64) -> Option<(u64, u64)> {
        // If the counter was reset, the difference wraps to a large number.
        let counted = ticks.wrapping_sub(self.ticks);
        (counted < self.holds).then(|| (self.unix_after(counted), self.steady_after(counted)))
    }

    #[inline]
    fn steady_after(&self, counted: u64) -> u64 {
        // No overflow: a window has at most 2^30 counts, and the rate is at most 2^33.
        self.steady.wrapping_add((counted * self.rate) >> 32)
    }

    #[inline]
    fn unix_after(&self, counted: u64) -> u64 {
        self.steady_after(counted).wrapping_add(self.offset)
    }

    /// Returns the anchor after this one.
    fn renewed(self, reading: &Reading, shared: &AtomicU64) -> Self {
        let rate = match self.rate_until(reading) {
            Some(rate) => {
                shared.store(rate, Ordering::Relaxed);
                rate
            }
            None => shared.load(Ordering::Relaxed),
        };
        if rate == 0 {
            return self.without_rate(reading);
        }
        // The latest times that this thread may have seen.
        let (steady, steady_is_ahead) = continued(self.steady_after(self.holds), reading.steady);
        let (unix, unix_is_ahead) = continued(self.unix_after(self.holds), reading.unix);
        let slower = if steady_is_ahead || unix_is_ahead { rate / SLOWER_BY } else { 0 };
        Self {
            ticks: reading.ticks,
            steady,
            offset: offset_between(unix, steady),
            rate: rate - slower,
            holds: (WINDOW << 32) / rate,
            read_at: reading.steady,
        }
    }

    /// Until the rate is known, the first reading stays, so that the rate can be measured from it.
    fn without_rate(self, reading: &Reading) -> Self {
        let times =
            Self { steady: reading.steady, offset: offset_between(reading.unix, reading.steady), ..self };
        if self.read_at != 0 && self.since(reading) < LONGEST {
            return times;
        }
        Self { ticks: reading.ticks, read_at: reading.steady, ..times }
    }

    fn since(&self, reading: &Reading) -> u64 {
        reading.steady.saturating_sub(self.read_at)
    }

    /// Returns how fast the counter counted from this anchor on.
    fn rate_until(&self, reading: &Reading) -> Option<u64> {
        let since = self.since(reading);
        if self.read_at == 0 || !(WINDOW..LONGEST).contains(&since) {
            return None;
        }
        let counted = reading.ticks.wrapping_sub(self.ticks);
        let rate = (u128::from(since) << 32).checked_div(counted.into())?;
        u64::try_from(rate).ok().filter(|rate| SANE_RATES.contains(rate))
    }
}

/// The counter and the clocks, all at the same time.
#[derive(Debug)]
struct Reading {
    ticks: u64,
    unix: u64,
    steady: u64,
}

impl Reading {
    /// Returns the best of three readings, as the thread may be interrupted.
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

    /// Reads once, and also returns how many counts that took.
    fn once() -> (Self, u64) {
        let before = ticks::now();
        let unix = unix_nanos(SystemTime::now());
        let after = ticks::now();
        let steady = steady_nanos(Instant::now());
        let took = ticks::now().saturating_sub(before);
        (Self { ticks: before + after.saturating_sub(before) / 2, unix, steady }, took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GHZ_2: u64 = 1 << 31;
    const WINDOW_NANOS: u64 = WINDOW;
    const UNIX: u64 = 1_700_000_000_000_000_000;
    const STEADY: u64 = 1_000;
    const HOUR: u64 = 3_600_000_000_000;

    /// A reading of a counter with 2 GHz, `nanos` after the start.
    fn reading(nanos: u64) -> Reading {
        Reading { ticks: 77 + 2 * nanos, unix: UNIX + nanos, steady: STEADY + nanos }
    }

    /// Returns what an accurate clock shows `nanos` after the start.
    fn times(nanos: u64) -> (u64, u64) {
        (UNIX + nanos, STEADY + nanos)
    }

    fn start_of(anchor: &Anchor) -> (u64, u64) {
        (anchor.unix_after(0), anchor.steady)
    }

    /// Returns an anchor with a rate, a window after the start.
    fn anchored() -> (Anchor, AtomicU64) {
        let rate = AtomicU64::new(0);
        let first = Anchor::NONE.renewed(&reading(0), &rate);
        (first.renewed(&reading(WINDOW_NANOS), &rate), rate)
    }

    #[test]
    fn the_rate_is_measured_over_a_window() {
        let rate = AtomicU64::new(0);
        let mut anchor = Anchor::NONE;
        for nanos in [0, 1, WINDOW_NANOS - 1] {
            anchor = anchor.renewed(&reading(nanos), &rate);
            assert_eq!(start_of(&anchor), times(nanos));
            assert_eq!(anchor.at(77 + 2 * nanos), None, "the rate is not known");
        }
        anchor = anchor.renewed(&reading(WINDOW_NANOS), &rate);
        assert_eq!(rate.into_inner(), GHZ_2);
        assert_eq!(anchor.at(77 + 2 * WINDOW_NANOS), Some(times(WINDOW_NANOS)));
        assert_eq!(anchor.at(77 + 2 * WINDOW_NANOS + 1001), Some(times(WINDOW_NANOS + 500)));
    }

    #[test]
    fn another_thread_uses_the_rate_at_once() {
        let (_, rate) = anchored();
        let other = Anchor::NONE.renewed(&reading(WINDOW_NANOS + 10), &rate);
        assert_eq!(other.at(77 + 2 * WINDOW_NANOS + 220), Some(times(WINDOW_NANOS + 110)));
    }

    #[test]
    fn an_anchor_holds_for_a_window() {
        let (anchor, ..) = anchored();
        let last = 77 + 4 * WINDOW_NANOS - 1;
        assert_eq!(anchor.at(last), Some(times(2 * WINDOW_NANOS - 1)));
        assert_eq!(anchor.at(last + 1), None);
        assert_eq!(anchor.at(5), None, "the counter started again");
    }

    #[test]
    fn a_rate_over_a_long_time_or_an_impossible_one_is_not_believed() {
        let (anchor, rate) = anchored();
        let slept = Reading { ticks: 1 << 60, ..reading(LONGEST + WINDOW_NANOS) };
        anchor.renewed(&slept, &rate);
        assert_eq!(rate.load(Ordering::Relaxed), GHZ_2);
        for ticks in [anchor.ticks, anchor.ticks + 1000, 3, 1 << 60] {
            anchor.renewed(&Reading { ticks, ..reading(3 * WINDOW_NANOS) }, &rate);
            assert_eq!(rate.load(Ordering::Relaxed), GHZ_2, "{ticks}");
        }
    }

    #[test]
    fn a_thread_that_is_ahead_goes_slower_and_not_back() {
        let (anchor, rate) = anchored();
        let behind = |nanos: u64| Reading { unix: UNIX + nanos - 5_000, ..reading(nanos) };
        let slower = anchor.renewed(&behind(2 * WINDOW_NANOS), &rate);
        assert_eq!(start_of(&slower), times(2 * WINDOW_NANOS));
        assert!(slower.rate < GHZ_2);
        assert_eq!(rate.load(Ordering::Relaxed), GHZ_2, "the other threads go on");
        let on_time = slower.renewed(&behind(3 * WINDOW_NANOS), &rate);
        let (unix, steady) = times(3 * WINDOW_NANOS);
        assert_eq!(start_of(&on_time), (unix - 5_000, steady), "12 µs slower");
        assert_eq!(on_time.rate, GHZ_2);
    }

    #[test]
    fn a_clock_that_is_set_is_followed_and_the_monotonic_one_goes_on() {
        for unix in [UNIX - HOUR, UNIX + HOUR] {
            let (anchor, rate) = anchored();
            let set = Reading { unix, ..reading(2 * WINDOW_NANOS) };
            let anchor = anchor.renewed(&set, &rate);
            assert_eq!(start_of(&anchor), (unix, STEADY + 2 * WINDOW_NANOS));
            assert_eq!(anchor.rate, GHZ_2);
        }
    }

    #[test]
    fn the_time_is_the_systems_and_does_not_go_back() {
        let system = || unix_nanos(SystemTime::now());
        let steady = || steady_nanos(Instant::now());
        let (until, mut last) = (steady() + 4 * WINDOW, (0, 0));
        while steady() < until {
            let before = (system(), steady());
            let (unix, offset) = now();
            let time = (unix, unix.wrapping_sub(offset));
            let after = (system(), steady());
            assert!((before.0 - AHEAD..=after.0 + AHEAD).contains(&time.0), "{before:?} {time:?} {after:?}");
            let earliest = before.1.saturating_sub(AHEAD);
            assert!((earliest..=after.1 + AHEAD).contains(&time.1), "{before:?} {time:?} {after:?}");
            assert!(time.0 >= last.0 && time.1 >= last.1, "{time:?} after {last:?}");
            last = time;
        }
    }
}
