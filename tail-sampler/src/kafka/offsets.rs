//! The offsets of a partition that are still needed.

use std::collections::VecDeque;

/// A record that was read.
#[derive(Debug)]
struct Entry {
    offset: i64,
    /// What still needs the record: undecided traces that begin with it, and kept spans that were not accepted.
    holds: u32,
    /// The time of the partition at the record.
    time: u64,
}

/// Where the next owner of a partition must begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) offset: i64,
    /// The time of the partition there, in nanoseconds since the Unix epoch.
    pub(super) time: u64,
}

/// The records from the first that is needed on.
#[derive(Debug)]
pub(super) struct Offsets {
    entries: VecDeque<Entry>,
    next: Option<Start>,
}

impl Offsets {
    pub(super) fn new() -> Self {
        Self { entries: VecDeque::new(), next: None }
    }

    /// Notes a record, and holds it once.
    pub(super) fn read(&mut self, offset: i64, time: u64) {
        self.entries.push_back(Entry { offset, holds: 1, time });
        self.next = Some(Start { offset: offset + 1, time });
    }

    pub(super) fn hold(&mut self, offset: i64) {
        if let Some(entry) = self.entry(offset) {
            entry.holds += 1;
        }
    }

    pub(super) fn release(&mut self, offset: i64) {
        if let Some(entry) = self.entry(offset) {
            entry.holds = entry.holds.saturating_sub(1);
        }
        while self.entries.front().is_some_and(|entry| entry.holds == 0) {
            self.entries.pop_front();
        }
    }

    fn entry(&mut self, offset: i64) -> Option<&mut Entry> {
        let at = self.entries.binary_search_by_key(&offset, |entry| entry.offset).ok()?;
        self.entries.get_mut(at)
    }

    /// Returns the lowest record that is needed, or the one after the last. `None` if none was read.
    pub(super) fn start(&self) -> Option<Start> {
        let first = self.entries.front().map(|it| Start { offset: it.offset, time: it.time });
        first.or(self.next)
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.len() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_record_that_is_needed() {
        let mut offsets = Offsets::new();
        assert_eq!(offsets.start(), None);
        // Transactions and compaction leave gaps.
        for offset in [10, 11, 15, 16] {
            offsets.read(offset, offset as u64 * 100);
        }
        offsets.hold(11);
        for (released, offset, time) in
            [(15, 10, 1000), (11, 10, 1000), (10, 11, 1100), (12, 11, 1100), (11, 16, 1600), (16, 17, 1600)]
        {
            offsets.release(released);
            assert_eq!(offsets.start(), Some(Start { offset, time }), "{released}");
        }
        assert_eq!(offsets.bytes(), 0);
    }
}
