//! Encoded spans of one thread in contiguous memory.

use std::ops::Range;

use crate::wire::ByteBuf;

/// The field `spans` of `ScopeSpans`.
const SPANS_FIELD: u8 = 2;

/// The memory of a chunk in bytes, unless a span needs more. It is small compared with a batch, because batches consist
/// of whole chunks.
const CHUNK_BYTES: usize = 16 * 1024;

/// The number of bytes at which a chunk is handed over, even if it has more memory.
const MOST_BYTES: usize = 64 * 1024;

/// Spans of one thread, as fields of `ScopeSpans`.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    bytes: ByteBuf,
    runs: Vec<Run>,
    spans: usize,
}

/// Adjacent spans of one scope.
#[derive(Debug, Clone, Copy)]
struct Run {
    scope: u32,
    end: usize,
}

impl Chunk {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn spans(&self) -> usize {
        self.spans
    }

    /// Returns the bytes of memory that the chunk occupies.
    pub(crate) fn held(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity() + self.runs.capacity() * size_of::<Run>()
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// Iterates over the runs: scope and byte range.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, Range<usize>)> {
        let mut start = 0;
        self.runs.iter().map(move |run| (run.scope, std::mem::replace(&mut start, run.end)..run.end))
    }

    #[inline]
    pub(crate) fn push(&mut self, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        write(&mut self.bytes, SPANS_FIELD);
        self.spans += 1;
        let end = self.bytes.len();
        match self.runs.last_mut() {
            Some(run) if run.scope == scope => run.end = end,
            _ => self.runs.push(Run { scope, end }),
        }
    }

    /// Returns whether the chunk should be handed over. This is true before the memory is used up, so that another span
    /// of usual size fits.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        let capacity = self.bytes.capacity().max(CHUNK_BYTES);
        self.bytes.len() >= (capacity - capacity / 8).min(MOST_BYTES)
    }

    /// Takes the spans out. If the chunk is less than half full, they are copied, so that no unused memory waits in the
    /// queue. Otherwise the memory moves with them, and a spare chunk replaces it.
    pub(crate) fn detach(&mut self, spare: &mut Vec<Self>) -> Self {
        if self.bytes.len() > self.bytes.capacity() / 2 {
            return std::mem::replace(self, spare.pop().unwrap_or_default());
        }
        let copy =
            Self { bytes: ByteBuf::from(self.bytes.as_slice()), runs: self.runs.clone(), spans: self.spans };
        self.clear();
        copy
    }

    /// Allocates the memory of an empty chunk at once, because the chunk before it was filled.
    #[inline]
    pub(crate) fn prepare(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(CHUNK_BYTES);
        }
    }

    /// Returns whether the memory should be kept. Otherwise one very large span would make all chunks large.
    pub(crate) fn is_reusable(&self) -> bool {
        (CHUNK_BYTES..=MOST_BYTES).contains(&self.bytes.capacity())
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
        self.spans = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(chunk: &mut Chunk, len: usize) {
        chunk.push(0, |bytes, _| bytes.extend_from_slice(&vec![7; len]));
    }

    #[test]
    fn a_chunk_is_full_before_its_memory_has_to_grow() {
        for len in [1, 100, 400, 1_500] {
            let mut chunk = Chunk::default();
            while !chunk.is_full() {
                push(&mut chunk, len);
            }
            assert_eq!(chunk.bytes.capacity(), CHUNK_BYTES, "spans of {len} bytes");
            assert!(chunk.is_reusable());
        }
    }

    #[test]
    fn little_leaves_without_the_memory_for_much() {
        let mut chunk = Chunk::default();
        while !chunk.is_full() {
            push(&mut chunk, 100);
        }
        let mut spare = Vec::new();
        let mut detached = chunk.detach(&mut spare);
        assert_eq!((detached.bytes.capacity(), chunk.bytes.capacity()), (CHUNK_BYTES, 0));
        detached.clear();
        spare.push(detached);
        chunk.prepare();
        push(&mut chunk, 100);
        let few = chunk.detach(&mut spare);
        assert_eq!((few.bytes(), few.spans(), few.bytes.capacity()), (100, 1, 100));
        assert_eq!((chunk.bytes(), chunk.spans(), chunk.bytes.capacity()), (0, 0, CHUNK_BYTES));
        assert_eq!(spare.len(), 1);
    }

    #[test]
    fn spans_of_any_size_fill_most_of_the_memory_that_they_take() {
        for len in [100, 3_000, 5_000, 10_000, 30_000, 100_000] {
            let mut chunk = Chunk::default();
            chunk.prepare();
            while !chunk.is_full() {
                push(&mut chunk, len);
            }
            assert!(chunk.bytes() * 3 >= chunk.held(), "{} of {} bytes", chunk.bytes(), chunk.held());
        }
    }
}
