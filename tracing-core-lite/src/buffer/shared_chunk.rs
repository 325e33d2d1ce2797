//! A chunk that one thread fills and the export thread empties.
//!
//! The lock is contended only while the export thread collects. A [`Mutex`](std::sync::Mutex) is slower here, because
//! its unlock is an atomic exchange that waits until the processor has written the whole span to memory. This lock uses
//! a plain store.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use try_lock::{Locked, TryLock};

use super::chunk::Chunk;

/// The number of times that a waiting thread yields before it sleeps.
const YIELDS: usize = 10;

/// The time that a waiting thread then sleeps. The lock is held only briefly unless its holder was preempted.
const SLEEP: Duration = Duration::from_micros(50);

/// A chunk, shared by the thread that fills it and the export thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedChunk(Arc<TryLock<Chunk>>);

impl SharedChunk {
    /// Locks the chunk, unless another thread has locked it.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<Locked<'_, Chunk>> {
        self.0.try_lock()
    }

    /// Locks the chunk, waiting while another thread holds the lock. A thread that ends a span waits only if the span
    /// would be lost otherwise.
    pub(crate) fn lock(&self) -> Locked<'_, Chunk> {
        let mut yields = 0;
        loop {
            if let Some(chunk) = self.try_lock() {
                return chunk;
            }
            if yields < YIELDS {
                yields += 1;
                thread::yield_now();
            } else {
                thread::sleep(SLEEP);
            }
        }
    }

    /// Returns whether this is the only handle of the chunk.
    #[inline]
    pub(crate) fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
