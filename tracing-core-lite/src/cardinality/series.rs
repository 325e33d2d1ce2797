//! The values of each span name and attribute key.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;

use super::hashes::{Identity, IdentityState};
use super::sketch::Sketch;

/// The maximum number of pairs of a name and a key that are counted. A table of 4,096 buckets has room for them.
const MAX_SERIES: usize = 3500;
/// The maximum number of values that are known of keys with an action, together. A table of 65,536 buckets has room for them.
const MAX_KNOWN: usize = 50_000;
/// The maximum number of pairs that are remembered as reported.
const MAX_REPORTED: usize = MAX_SERIES;

/// What is known about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is within the bound.
    Within,
    /// It is beyond the bound.
    Beyond,
    /// It is the first one beyond the bound since the start.
    Exceeds,
}

/// The values that were seen in one window, as hashes. Its memory is bounded.
#[derive(Debug)]
pub(super) struct Series {
    state: RandomState,
    counted: HashMap<u64, Sketch, IdentityState>,
    not_counted: HashSet<u64, IdentityState>,
    /// The values within the bound of keys with an action, and their number for each pair.
    known: HashSet<u64, IdentityState>,
    known_of: HashMap<u64, u64, IdentityState>,
    reported: HashSet<u64, IdentityState>,
    started: Instant,
}

impl Series {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            state: RandomState::default(),
            counted: HashMap::default(),
            not_counted: HashSet::default(),
            known: HashSet::default(),
            known_of: HashMap::default(),
            reported: HashSet::default(),
            started: now,
        }
    }

    /// Starts a new window if this one has passed. Reported pairs are not reported again.
    pub(super) fn begin(&mut self, window: Duration, now: Instant) {
        if now.saturating_duration_since(self.started) >= window {
            self.started = now;
            self.counted.clear();
            self.not_counted.clear();
            self.known.clear();
            self.known_of.clear();
        }
    }

    #[inline]
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        self.state.hash_one(bytes)
    }

    /// Adds a value to the sketch of a pair. `bound` is asked for only if the number of values may have changed.
    #[inline]
    pub(super) fn count(&mut self, pair: u64, value: u64, bound: impl FnOnce() -> u64) -> Seen {
        let is_full = self.counted.len() >= MAX_SERIES;
        let sketch = match self.counted.entry(pair) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) if !is_full => entry.insert(Sketch::new()),
            Entry::Vacant(_) => {
                if self.not_counted.len() < MAX_SERIES {
                    self.not_counted.insert(pair);
                }
                return Seen::Within;
            }
        };
        // Of most values, the sketch has seen one with the same register.
        if !sketch.add(value) || sketch.estimate() <= bound() {
            return Seen::Within;
        }
        self.exceed(pair)
    }

    /// Adds a value of a key with an action. Unlike a sketch, this tells for each value whether it is within the bound.
    pub(super) fn admit(&mut self, pair: u64, value: u64, bound: u64) -> Seen {
        let both = pair.rotate_left(17) ^ value;
        if self.known.contains(&both) {
            return Seen::Within;
        }
        let count = self.known_of.get(&pair).copied().unwrap_or_default();
        if count < bound && self.known.len() < MAX_KNOWN {
            self.known_of.insert(pair, count + 1);
            self.known.insert(both);
            return Seen::Within;
        }
        self.exceed(pair)
    }

    fn exceed(&mut self, pair: u64) -> Seen {
        let is_new = self.reported.len() < MAX_REPORTED && self.reported.insert(pair);
        if is_new { Seen::Exceeds } else { Seen::Beyond }
    }

    pub(super) fn counted(&self) -> usize {
        self.counted.len() + self.known_of.len()
    }

    pub(super) fn not_counted(&self) -> u64 {
        self.not_counted.len() as u64
    }

    /// Returns the memory of all tables, in bytes.
    pub(super) fn memory(&self) -> usize {
        // A table has a byte of metadata for each entry, and one eighth of it is free.
        let table = |capacity: usize, entry: usize| capacity * (entry + 1) * 8 / 7;
        table(self.counted.capacity(), size_of::<(u64, Sketch)>())
            + table(self.known_of.capacity(), size_of::<(u64, u64)>())
            + [&self.not_counted, &self.known, &self.reported]
                .iter()
                .map(|set| table(set.capacity(), size_of::<Identity>()))
                .sum::<usize>()
    }
}
