//! Fixed-size blocks of bytes, chained per trace.
//!
//! Thousands of traces grow at the same time, a few spans at a time. A vector for each would be half empty on average, and
//! freeing it would fragment memory. A chain of blocks wastes half a block on average, and a freed block fits every trace.

/// The bytes of a block that hold content.
const CONTENT: usize = 252;

/// The bytes of a block.
pub(in crate::tail) const BLOCK_BYTES: usize = CONTENT + 4;

/// Blocks of one allocation, as a power of two.
const ARENA_BITS: u32 = 10;
const ARENA_BLOCKS: usize = 1 << ARENA_BITS;

/// No block.
const NONE: u32 = u32::MAX;

/// The number of empty allocations that are kept for reuse.
const SPARE_ARENAS: usize = 4;

#[derive(Clone, Copy)]
struct Block {
    /// The next block of the chain, or of the free list.
    next: u32,
    content: [u8; CONTENT],
}

struct Arena {
    blocks: Box<[Block]>,
    free: u32,
    used: usize,
}

/// A byte string in blocks. It must be released with [`Blocks::free`].
#[derive(Debug, Clone, Copy)]
pub(in crate::tail) struct Chain {
    first: u32,
    last: u32,
    /// The bytes used in the last block.
    filled: u16,
    blocks: u32,
}

impl Default for Chain {
    fn default() -> Self {
        Self { first: NONE, last: NONE, filled: CONTENT as u16, blocks: 0 }
    }
}

impl Chain {
    /// Returns the memory that the chain occupies, in bytes.
    pub(in crate::tail) fn held(&self) -> usize {
        self.blocks as usize * BLOCK_BYTES
    }
}

/// A pool of blocks.
#[derive(Default)]
pub(in crate::tail) struct Blocks {
    arenas: Vec<Option<Arena>>,
    /// Allocations with a free block.
    with_room: Vec<u32>,
    empty: usize,
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks").field("bytes", &self.held()).finish_non_exhaustive()
    }
}

impl Blocks {
    /// Returns the memory of all blocks, used or not, in bytes.
    pub(in crate::tail) fn held(&self) -> usize {
        self.arenas.iter().flatten().count() * ARENA_BLOCKS * BLOCK_BYTES
    }

    /// Appends `bytes` to `chain`.
    pub(in crate::tail) fn append(&mut self, chain: &mut Chain, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if usize::from(chain.filled) == CONTENT {
                self.extend(chain);
            }
            let filled = usize::from(chain.filled);
            let (now, rest) = bytes.split_at(bytes.len().min(CONTENT - filled));
            if let Some(block) = self.block(chain.last) {
                block.content[filled..filled + now.len()].copy_from_slice(now);
            }
            chain.filled += now.len() as u16;
            bytes = rest;
        }
    }

    /// Calls `visit` with the bytes of `chain`, block by block.
    pub(in crate::tail) fn each_piece(&self, chain: &Chain, mut visit: impl FnMut(&[u8])) {
        let mut at = chain.first;
        while at != NONE
            && let Some(arena) = self.arenas.get((at >> ARENA_BITS) as usize).and_then(Option::as_ref)
        {
            let block = &arena.blocks[at as usize % ARENA_BLOCKS];
            let filled = if at == chain.last { usize::from(chain.filled) } else { CONTENT };
            visit(&block.content[..filled]);
            at = if at == chain.last { NONE } else { block.next };
        }
    }

    /// Releases the blocks of `chain`, which is empty afterwards.
    pub(in crate::tail) fn free(&mut self, chain: &mut Chain) {
        let mut at = chain.first;
        while at != NONE {
            let index = at >> ARENA_BITS;
            let Some(arena) = self.arenas.get_mut(index as usize).and_then(Option::as_mut) else { break };
            let had_room = arena.free != NONE;
            let block = &mut arena.blocks[at as usize % ARENA_BLOCKS];
            let next = if at == chain.last { NONE } else { block.next };
            block.next = arena.free;
            arena.free = at;
            arena.used -= 1;
            let is_empty = arena.used == 0;
            if !had_room {
                self.with_room.push(index);
            }
            if is_empty {
                self.empty += 1;
                if self.empty > SPARE_ARENAS {
                    self.empty -= 1;
                    self.arenas[index as usize] = None;
                    self.with_room.retain(|other| *other != index);
                }
            }
            at = next;
        }
        *chain = Chain::default();
    }

    fn block(&mut self, at: u32) -> Option<&mut Block> {
        let arena = self.arenas.get_mut((at >> ARENA_BITS) as usize)?.as_mut()?;
        arena.blocks.get_mut(at as usize % ARENA_BLOCKS)
    }

    fn extend(&mut self, chain: &mut Chain) {
        let new = self.take();
        match self.block(chain.last) {
            Some(last) if chain.last != NONE => last.next = new,
            _ => chain.first = new,
        }
        (chain.last, chain.filled) = (new, 0);
        chain.blocks += 1;
    }

    fn take(&mut self) -> u32 {
        let index = match self.with_room.last() {
            Some(index) => *index,
            None => self.add_arena(),
        };
        let Some(arena) = self.arenas[index as usize].as_mut() else { return NONE };
        let taken = arena.free;
        arena.free = arena.blocks[taken as usize % ARENA_BLOCKS].next;
        if arena.used == 0 {
            self.empty -= 1;
        }
        arena.used += 1;
        if arena.free == NONE {
            self.with_room.pop();
        }
        taken
    }

    fn add_arena(&mut self) -> u32 {
        let index = self.arenas.iter().position(Option::is_none).unwrap_or_else(|| {
            self.arenas.push(None);
            self.arenas.len() - 1
        }) as u32;
        let first = index << ARENA_BITS;
        let mut blocks = vec![Block { next: NONE, content: [0; CONTENT] }; ARENA_BLOCKS].into_boxed_slice();
        for (at, block) in blocks.iter_mut().enumerate().take(ARENA_BLOCKS - 1) {
            block.next = first + at as u32 + 1;
        }
        self.arenas[index as usize] = Some(Arena { blocks, free: first, used: 0 });
        self.with_room.push(index);
        self.empty += 1;
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(blocks: &Blocks, chain: &Chain) -> Vec<u8> {
        let mut all = Vec::new();
        blocks.each_piece(chain, |piece| all.extend_from_slice(piece));
        all
    }

    #[test]
    fn interleaved_chains_keep_their_bytes_and_memory_is_given_back() {
        let mut blocks = Blocks::default();
        let mut chains = vec![(Chain::default(), Vec::new()); 50];
        for round in 0..20_000_usize {
            let (chain, expected) = &mut chains[round * 7 % 50];
            let piece: Vec<u8> = (0..round % 700).map(|byte| (byte + round) as u8).collect();
            blocks.append(chain, &piece);
            expected.extend_from_slice(&piece);
        }
        let peak = blocks.held();
        for (chain, expected) in &mut chains {
            assert_eq!(content(&blocks, chain), *expected);
            assert!(chain.held() <= expected.len() * BLOCK_BYTES / CONTENT + BLOCK_BYTES);
            blocks.free(chain);
            assert_eq!((content(&blocks, chain).len(), chain.held()), (0, 0));
        }
        assert!(blocks.held() <= SPARE_ARENAS * ARENA_BLOCKS * BLOCK_BYTES && blocks.held() < peak);
        let mut again = Chain::default();
        blocks.append(&mut again, &[7; 1000]);
        assert_eq!(content(&blocks, &again), [7; 1000]);
    }
}
