//! The spans of `tracing` that are open.
//!
//! They are not kept in the registry's extensions, because other layers hold locks on those, and a layer that logs while it
//! holds one would deadlock. No user code runs while a part of this table is locked.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::state::State;

/// A power of two, so that threads rarely wait for each other.
const PARTS: usize = 64;

/// A part with more room than this is made smaller when it is empty.
const KEEP_CAPACITY: usize = 1024;

#[derive(Debug)]
pub(super) struct LiveSpans(Box<[Part]>);

/// In a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part(Mutex<HashMap<u64, State, BuildHasherDefault<IdHasher>>>);

impl LiveSpans {
    pub(super) fn new() -> Self {
        Self((0..PARTS).map(|_| Part::default()).collect())
    }

    #[inline]
    fn part(&self, id: u64) -> MutexGuard<'_, HashMap<u64, State, BuildHasherDefault<IdHasher>>> {
        let part = (spread(id) >> 32) as usize % PARTS;
        self.0[part].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(super) fn insert(&self, id: u64, state: State) {
        let _replaced = self.part(id).insert(id, state);
    }

    /// Runs `visit` on an open span. It must not run user code.
    #[inline]
    pub(super) fn with<R>(&self, id: u64, visit: impl FnOnce(&mut State) -> R) -> Option<R> {
        self.part(id).get_mut(&id).map(visit)
    }

    #[inline]
    pub(super) fn remove(&self, id: u64) -> Option<State> {
        let mut part = self.part(id);
        let removed = part.remove(&id);
        if part.is_empty() && part.capacity() > KEEP_CAPACITY {
            part.shrink_to_fit();
        }
        removed
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|part| part.0.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}

/// Spreads an id of the registry, whose bits are an address and a generation, over all bits.
#[inline]
fn spread(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    #[inline]
    fn write_u64(&mut self, id: u64) {
        self.0 = spread(id);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = spread(self.0 ^ u64::from(*byte));
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        // The map takes its buckets from the low bits, which a multiplication leaves weak.
        self.0.rotate_left(26)
    }
}
