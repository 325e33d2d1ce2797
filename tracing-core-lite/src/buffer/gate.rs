//! Whether finished spans are taken.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::fork;

/// Shared by the threads that end spans and by the queue: open until the shutdown.
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

    /// Whether this process was forked from the one that exports. It has neither the export thread nor a safe way to
    /// take a lock that one of the parent's threads may have held.
    #[inline]
    pub(crate) fn is_forked(&self) -> bool {
        fork::generation() != self.generation
    }
}
