//! Counts arrivals per thread, and estimates their rate.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, TryLockError};
use std::time::Duration;

use thread_local::ThreadLocal;

use super::estimate::Estimate;
use crate::clock::{Clock, nanos};

/// The time between two estimates, in nanoseconds.
const SLICE: u64 = 100_000_000;

/// The minimum time over which a burst is averaged, in nanoseconds, because the clock may not advance during a burst.
const SHORTEST: u64 = 1_000_000;

/// Arrivals of all threads.
///
/// Each thread counts in its own cell, and reads shared values that are rarely written. The thread that notices the end of a
/// slice adds up the cells.
#[derive(Debug)]
pub(in crate::head) struct Arrivals {
    clock: Box<dyn Clock>,
    cells: ThreadLocal<Cell>,
    /// The start of the current slice.
    start: AtomicU64,
    /// The arrivals of one thread after which a slice ends early.
    burst: AtomicU64,
    estimate: Mutex<Estimate>,
}

/// The arrivals of one thread. Only this thread writes `count`, so it needs no atomic addition.
#[derive(Debug, Default)]
struct Cell {
    count: AtomicU64,
    /// `count` at the last estimate.
    estimated: AtomicU64,
}

/// A new estimate.
#[derive(Debug, Clone, Copy)]
pub(in crate::head) struct Update {
    /// The arrivals per second.
    pub(in crate::head) rate: f64,
    /// Whether the rate has changed by a large factor.
    pub(in crate::head) has_changed: bool,
    /// The time on the clock.
    pub(in crate::head) now: Duration,
}

impl Arrivals {
    pub(in crate::head) fn new(clock: impl Clock) -> Self {
        let start = AtomicU64::new(nanos(clock.now()));
        Self {
            clock: Box::new(clock),
            cells: ThreadLocal::new(),
            start,
            burst: AtomicU64::new(burst_of(0.0)),
            estimate: Mutex::default(),
        }
    }

    /// Counts an arrival. If a slice is over, calls `update` with an estimate from the arrivals before this one.
    #[inline]
    pub(in crate::head) fn count(&self, update: impl FnOnce(Update)) {
        let now = nanos(self.clock.now());
        let cell = self.cells.get_or_default();
        let count = cell.count.load(Relaxed);
        let start = self.start.load(Relaxed);
        let is_burst = count.wrapping_sub(cell.estimated.load(Relaxed)) >= self.burst.load(Relaxed);
        if now.wrapping_sub(start) >= SLICE || is_burst {
            self.end_slice(now, update);
        }
        cell.count.store(count + 1, Relaxed);
    }

    #[cold]
    fn end_slice(&self, now: u64, update: impl FnOnce(Update)) {
        // Another thread is already updating.
        let mut estimate = match self.estimate.try_lock() {
            Ok(estimate) => estimate,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let (count, threads) = self.harvest();
        let start = self.start.swap(now, Relaxed);
        // If the clock was set back, the rate of the interval is not known.
        let Some(elapsed) = now.checked_sub(start) else { return };
        let seconds = Duration::from_nanos(elapsed.max(SHORTEST)).as_secs_f64();
        let has_changed = estimate.add(count as f64, seconds);
        let rate = estimate.rate().unwrap_or_default();
        let expected = rate * Duration::from_nanos(SLICE).as_secs_f64() / threads.max(1) as f64;
        self.burst.store(burst_of(expected), Relaxed);
        update(Update { rate, has_changed, now: Duration::from_nanos(now) });
    }

    /// Returns the arrivals since the last call, and the number of threads that counted any.
    fn harvest(&self) -> (u64, usize) {
        let (mut total, mut threads) = (0, 0);
        for cell in &self.cells {
            let count = cell.count.load(Relaxed);
            let new = count.wrapping_sub(cell.estimated.swap(count, Relaxed));
            total += new;
            threads += usize::from(new > 0);
        }
        (total, threads)
    }
}

/// Returns the number of arrivals that ends a slice early: significantly more than `expected`.
fn burst_of(expected: f64) -> u64 {
    (expected + 4.0 * expected.sqrt() + 8.0) as u64
}
