//! Blocks: some spans as compressed columns.

use std::io;

use super::encode::Encoder;
use super::numbers::damaged;
use crate::model::SpanSet;

/// The level of compression, the fastest that is not negative.
const LEVEL: i32 = 1;

/// A block as it is stored.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: u64,
    /// The memory that the spans take, in bytes.
    pub(super) memory: usize,
}

/// Writes blocks of one set of spans.
pub(super) struct Writer<'s> {
    set: &'s SpanSet,
    encoder: Encoder<'s>,
}

impl<'s> Writer<'s> {
    pub(super) fn new(set: &'s SpanSet) -> Self {
        Self { set, encoder: Encoder::new(set) }
    }

    /// Writes these rows, which are sorted by trace.
    pub(super) fn write(&mut self, rows: &[u32]) -> io::Result<Written> {
        let plain = self.encoder.encode(rows);
        let mut bytes = (plain.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(&zstd::bulk::compress(&plain, LEVEL)?);
        Ok(Written { bytes, spans: rows.len() as u64, memory: self.set.memory_of(rows) })
    }
}

/// Returns the columns of a stored block.
pub(super) fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (length, compressed) = bytes.split_first_chunk().ok_or_else(damaged)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged())?;
    zstd::bulk::decompress(compressed, length)
}
