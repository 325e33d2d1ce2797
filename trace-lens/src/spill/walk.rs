//! Reads parts from disk, one after the other.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::parts::Parts;
use crate::model::SpanSet;

/// How often a part that is too large is divided. More than this is of no use, because its spans belong to few traces.
const MAX_LEVEL: u32 = 4;

/// Reads parts, and divides those that are too large.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The last one comes first.
    open: Vec<(Arc<Parts>, usize)>,
    folder: PathBuf,
    /// The most memory in bytes that one part may take.
    memory: usize,
}

impl Walk {
    pub(crate) fn new(
        parts: &Arc<Parts>,
        indexes: impl DoubleEndedIterator<Item = usize>,
        folder: PathBuf,
        memory: usize,
    ) -> Self {
        let open = indexes.rev().map(|index| (Arc::clone(parts), index)).collect();
        Self { open, folder, memory }
    }

    /// Returns the next spans that are not empty, `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<SpanSet>> {
        while let Some((parts, index)) = self.open.pop() {
            let memory = parts.memory_of(index);
            if memory == 0 {
                continue;
            }
            if memory <= self.memory || parts.level() >= MAX_LEVEL {
                return parts.load(index).map(Some);
            }
            let divided = Arc::new(parts.divide(index, &self.folder, self.memory / 2)?);
            self.open.extend(divided.indexes().rev().map(|index| (Arc::clone(&divided), index)));
        }
        Ok(None)
    }
}
