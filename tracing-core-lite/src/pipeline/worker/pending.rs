//! Batches whose export has begun.

use std::collections::VecDeque;
use std::time::Instant;

use crate::pipeline::batch::Batch;
use crate::pipeline::parts::Parts;
use crate::pipeline::retry::Backoff;

/// The most batches that wait for another attempt beside the one that is being retried.
const MAX_ASIDE: usize = 8;

/// A batch that is being exported.
pub(super) struct Pending {
    pub(super) parts: Parts,
    pub(super) spans: usize,
    /// The memory that it takes.
    pub(super) held: usize,
    pub(super) since: Instant,
    pub(super) backoff: Backoff,
    /// Attempts that failed and can be repeated.
    pub(super) failures: u32,
}

impl Pending {
    pub(super) fn new(batch: Batch, spans: usize, held: usize) -> Self {
        Self {
            parts: Parts::new(batch),
            spans,
            held,
            since: Instant::now(),
            backoff: Backoff::default(),
            failures: 0,
        }
    }
}

/// Batches that failed while another one was being retried, oldest first, and when each is due.
#[derive(Default)]
pub(super) struct Aside(VecDeque<(Instant, Pending)>);

impl Aside {
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_ASIDE
    }

    pub(super) fn push(&mut self, due: Instant, pending: Pending) {
        self.0.push_back((due, pending));
    }

    pub(super) fn take_due(&mut self, now: Instant) -> Option<Pending> {
        let index = self.0.iter().position(|(due, _)| *due <= now)?;
        self.0.remove(index).map(|(_, pending)| pending)
    }

    pub(super) fn take_oldest(&mut self) -> Option<Pending> {
        self.0.pop_front().map(|(_, pending)| pending)
    }
}
