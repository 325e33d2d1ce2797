//! Traces that are hard to decide about, and policies that decide about them: the same for our tail sampler and for the
//! Collector, whose decisions are recorded.
#![allow(dead_code, unused_imports, reason = "the test and the recorder use different parts")]

mod attributes;
mod cases;
mod recording;
mod size;
mod spans;
mod traffic;

pub(crate) use cases::{CASES, Case, Decides};
pub(crate) use recording::{Recorded, Recording};
pub(crate) use traffic::{LATE, ROUNDS, Traffic};

/// The number of traces.
pub(crate) const TRACES: usize = 10_000;

/// The seed of the traces.
pub(crate) const SEED: u64 = 22;

/// A generator of pseudo-random numbers (splitmix64) that no dependency can change.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Returns a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}
