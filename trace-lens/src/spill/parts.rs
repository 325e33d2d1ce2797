//! A temporary file with spans, divided into parts by trace.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::block;
use crate::model::{Builder, SpanSet, trace_hash};

/// The number of parts, as a power of two.
const BITS: u32 = 7;
/// The number of parts.
const COUNT: usize = 1 << BITS;

/// Spans in a temporary file. Each of its parts holds whole traces.
///
/// The file has no name, so the system removes it when the program ends, however that happens.
#[derive(Debug)]
pub(crate) struct Parts {
    /// How often the parts of other files were divided to get this one.
    level: u32,
    content: Mutex<Content>,
}

#[derive(Debug)]
struct Content {
    file: File,
    end: u64,
    parts: Vec<Part>,
}

/// The blocks of one part.
#[derive(Debug, Clone, Default)]
struct Part {
    blocks: Vec<Block>,
    spans: u64,
    memory: usize,
}

/// Where a block is.
#[derive(Debug, Clone, Copy)]
struct Block {
    offset: u64,
    length: u32,
}

impl Parts {
    pub(crate) fn new(folder: &Path, level: u32) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        let content = Content { file, end: 0, parts: vec![Part::default(); COUNT] };
        Ok(Self { level, content: Mutex::new(content) })
    }

    pub(super) fn level(&self) -> u32 {
        self.level
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds spans. They need not be grouped.
    pub(crate) fn add(&self, set: &SpanSet) -> io::Result<()> {
        let mut rows: Vec<(usize, u32)> =
            (0..set.len()).map(|row| (self.part_of(set.trace_ids[row]), row as u32)).collect();
        // The spans of a trace come next to each other, in the order in which they were read.
        rows.sort_unstable_by_key(|&(part, row)| (part, set.trace_ids[row as usize], row));
        let mut blocks = block::Writer::new(set);
        for of_part in rows.chunk_by(|a, b| a.0 == b.0) {
            let part = of_part[0].0;
            let rows: Vec<u32> = of_part.iter().map(|it| it.1).collect();
            let block = blocks.write(&rows)?;
            self.append(part, &block)?;
        }
        Ok(())
    }

    fn append(&self, part: usize, block: &block::Written) -> io::Result<()> {
        let length = u32::try_from(block.bytes.len()).map_err(io::Error::other)?;
        let content = &mut *self.content();
        let offset = content.end;
        content.file.seek(SeekFrom::Start(offset))?;
        content.file.write_all(&block.bytes)?;
        content.end += u64::from(length);
        let part = &mut content.parts[part];
        part.blocks.push(Block { offset, length });
        part.spans += block.spans;
        part.memory += block.memory;
        Ok(())
    }

    /// Returns the part that a trace is in.
    pub(crate) fn part_of(&self, trace_id: u128) -> usize {
        (trace_hash(trace_id) >> (self.level * BITS)) as usize % COUNT
    }

    /// Returns the indexes of the parts.
    pub(crate) fn indexes(&self) -> std::ops::Range<usize> {
        0..COUNT
    }

    /// Returns the number of spans.
    pub(crate) fn len(&self) -> u64 {
        self.content().parts.iter().map(|it| it.spans).sum()
    }

    /// Returns the memory that the spans of a part would take, in bytes.
    pub(super) fn memory_of(&self, part: usize) -> usize {
        self.content().parts[part].memory
    }

    /// Calls `visit` with each block of a part, decompressed.
    fn blocks(&self, part: usize, mut visit: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let blocks = self.content().parts[part].blocks.clone();
        let mut bytes = Vec::new();
        for Block { offset, length } in blocks {
            bytes.resize(length as usize, 0);
            {
                let file = &mut self.content().file;
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut bytes)?;
            }
            visit(&block::read(&bytes)?)?;
        }
        Ok(())
    }

    /// Reads a part.
    pub(super) fn load(&self, part: usize) -> io::Result<SpanSet> {
        let mut builder = Builder::new();
        self.blocks(part, |block| super::decode::decode(block, &mut builder))?;
        Ok(builder.finish())
    }

    /// Divides a part that is too large into the parts of a new file, at most `memory` bytes at a time.
    pub(super) fn divide(&self, part: usize, folder: &Path, memory: usize) -> io::Result<Self> {
        let divided = Self::new(folder, self.level + 1)?;
        let mut builder = Builder::new();
        self.blocks(part, |block| {
            super::decode::decode(block, &mut builder)?;
            if builder.memory() < memory { Ok(()) } else { divided.add(&builder.take()) }
        })?;
        divided.add(&builder.take())?;
        Ok(divided)
    }
}
