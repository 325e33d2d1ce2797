//! The switch that decides whether finished spans are accepted.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::fork;

/// A switch shared by the threads that end spans and by the queue. It is open until the shutdown.
#[derive(Debug)]
pub(crate) struct Gate {
    closed: AtomicBool,
    /// The process that exports.
    generation: u64,
}

impl Gate {
    pub(crate) fn new() -> Self {
        fork::watch();
        Self { closed: AtomicBool::new(false), generation: fork::generation() }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Closes the gate. Returns false if it was closed before.
    pub(crate) fn close(&self) -> bool {
        !self.closed.swap(true, Ordering::AcqRel)
    }

    /// Returns whether this process was forked from the one that exports. It then has no export thread, and cannot
    /// safely take a lock that a thread of the parent may have held.
    #[inline]
    pub(crate) fn is_forked(&self) -> bool {
        fork::generation() != self.generation
    }
}
