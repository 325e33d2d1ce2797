//! A writer of fields whose total size is known in advance.

use super::{fixed64_tag, length_tag};

/// Fills a slice from the front. If all parts of a writer have constant sizes, its checks are removed by the compiler.
///
/// # Panics
///
/// A part that does not fit panics, as slices do.
pub(crate) struct FieldWriter<'a> {
    rest: &'a mut [u8],
}

impl<'a> FieldWriter<'a> {
    #[inline]
    pub(crate) fn new(out: &'a mut [u8]) -> Self {
        Self { rest: out }
    }

    /// Returns a writer of the next `count` bytes.
    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> FieldWriter<'a> {
        let (taken, rest) = std::mem::take(&mut self.rest).split_at_mut(count);
        self.rest = rest;
        FieldWriter { rest: taken }
    }

    /// Returns the bytes that are not written yet.
    #[inline]
    pub(crate) fn into_slice(self) -> &'a mut [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.take(N).rest.copy_from_slice(&bytes);
    }

    #[inline]
    pub(crate) fn put_slice(&mut self, bytes: &[u8]) {
        self.take(bytes.len()).rest.copy_from_slice(bytes);
    }

    /// Writes a length-delimited field of less than 128 bytes.
    #[inline]
    pub(crate) fn put_bytes_field<const N: usize>(&mut self, field: u8, bytes: [u8; N]) {
        const { assert!(N < 0x80) };
        self.put([length_tag(field), N as u8]);
        self.put(bytes);
    }

    #[inline]
    pub(crate) fn put_fixed64_field(&mut self, field: u8, value: u64) {
        self.put([fixed64_tag(field)]);
        self.put(value.to_le_bytes());
    }
}
