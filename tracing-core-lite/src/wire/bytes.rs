//! A byte buffer for writing whole fields.
//!
//! All of its capacity is initialised, so that a field reserves its bytes once and then fills them in without a
//! capacity check for each part.

use std::ops::Range;

/// The first allocation, in bytes: enough for the usual span.
const FIRST: usize = 1024;

#[derive(Debug, Clone, Default)]
pub(crate) struct ByteBuf {
    /// Initialised to the end; the first `len` bytes are in use.
    bytes: Vec<u8>,
    len: usize,
}

impl ByteBuf {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Grows the capacity to exactly `capacity` bytes, if it is smaller.
    pub(crate) fn reserve(&mut self, capacity: usize) {
        if capacity > self.bytes.len() {
            self.bytes.reserve_exact(capacity - self.bytes.len());
            self.bytes.resize(capacity, 0);
        }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Keeps the first `len` bytes; does nothing when there are fewer.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Appends `count` bytes for the caller to fill in. Their content is unspecified.
    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> &mut [u8] {
        let (start, end) = (self.len, self.len + count);
        if end > self.bytes.len() {
            self.grow(end);
        }
        self.len = end;
        &mut self.bytes[start..end]
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        self.bytes.resize(end.next_power_of_two().max(FIRST), 0);
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        self.take(1)[0] = byte;
    }

    #[inline]
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.take(bytes.len()).copy_from_slice(bytes);
    }

    /// Removes the bytes in `range`.
    pub(crate) fn remove(&mut self, range: Range<usize>) {
        self.bytes.copy_within(range.end..self.len, range.start);
        self.len -= range.len();
    }
}

impl From<&[u8]> for ByteBuf {
    /// Creates a copy without spare capacity.
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), len: bytes.len() }
    }
}
