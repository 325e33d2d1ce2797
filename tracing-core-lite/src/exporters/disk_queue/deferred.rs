//! Records whose delivery failed and is to be repeated.

use std::time::Instant;

use super::record::RecordHeader;
use crate::pipeline::Backoff;

/// The most records that wait for another attempt while later ones are delivered.
const MAX_DEFERRED: usize = 32;

/// A record on disk that was read but not delivered.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) header: RecordHeader,
    pub(super) backoff: Backoff,
    pub(super) attempts: u32,
}

/// The records that wait for another attempt.
#[derive(Debug, Default)]
pub(super) struct Deferred(Vec<(Instant, Record)>);

impl Deferred {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether no further record should be read before one of these is delivered.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_DEFERRED
    }

    pub(super) fn push(&mut self, due: Instant, record: Record) {
        self.0.push((due, record));
    }

    /// Removes the record to try next: of those that are due by `now`, the oldest of those with the fewest attempts.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Record> {
        let due = self.0.iter().enumerate().filter(|(_, (due, _))| *due <= now);
        let next = due.min_by_key(|(_, (_, it))| (it.attempts, it.header.written_at_ms, it.header.sequence));
        let (index, _) = next?;
        Some(self.0.remove(index).1)
    }

    /// Returns when the next record is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.iter().map(|(due, _)| *due).min()
    }
}
