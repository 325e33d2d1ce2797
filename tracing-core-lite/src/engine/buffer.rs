//! Where a thread puts its finished spans: a chunk of its own, so that threads do not meet.
//!
//! The chunk's lock is the thread's alone but for the moments in which the export thread collects what is there.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use super::chunk::Chunk;
use super::queue::Queue;
use crate::span::bytes::ByteBuf;

thread_local! {
    static CHUNKS: RefCell<Vec<ThreadChunk>> = const { RefCell::new(Vec::new()) };
}

type SharedChunk = Arc<Mutex<Chunk>>;

struct ThreadChunk {
    engine: u64,
    chunk: SharedChunk,
    queue: Arc<Queue>,
}

impl Drop for ThreadChunk {
    fn drop(&mut self) {
        self.queue.release_thread(&self.chunk);
    }
}

/// The finished spans of one engine that no batch holds yet.
#[derive(Debug)]
pub(crate) struct Buffer {
    engine: u64,
    queue: Arc<Queue>,
}

impl Buffer {
    pub(crate) fn new(engine: u64, queue: Arc<Queue>) -> Self {
        Self { engine, queue }
    }

    #[inline]
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Adds the span that `write` appends to a chunk, as the field whose number it is given. Without room, the span
    /// is dropped and counted. Never blocks on export.
    #[inline]
    pub(crate) fn push(&self, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        let mut write = Some(write);
        let pushed = CHUNKS.try_with(|chunks| {
            let Ok(mut chunks) = chunks.try_borrow_mut() else { return };
            let index = match chunks.iter().position(|chunk| chunk.engine == self.engine) {
                Some(index) => index,
                None => self.register(&mut chunks),
            };
            if let Some(write) = write.take() {
                self.append(&chunks[index].chunk, scope, write);
            }
        });
        // The thread's storage is gone, or in use further up in this very call: one span alone then makes a chunk.
        if let (Some(write), _) = (write, pushed) {
            self.append(&Arc::default(), scope, write);
        }
    }

    fn append(&self, shared: &SharedChunk, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        let mut chunk = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if self.queue.is_closed() {
            self.queue.stats().count_after_shutdown(1);
            return;
        }
        if self.is_ready(&chunk) && !self.hand_over(&mut chunk) {
            self.queue.stats().count_queue_full(1);
            return;
        }
        chunk.push(scope, write);
        // A chunk that nobody else holds would be lost with this call.
        let last_chance = Arc::strong_count(shared) == 1;
        if self.is_ready(&chunk) || last_chance {
            let handed_over = self.hand_over(&mut chunk);
            if last_chance && !handed_over {
                self.queue.stats().count_queue_full(chunk.spans() as u64);
            }
        }
    }

    fn hand_over(&self, chunk: &mut Chunk) -> bool {
        let handed_over = self.queue.hand_over(chunk);
        // Not under the queue's lock.
        chunk.prepare();
        handed_over
    }

    fn is_ready(&self, chunk: &Chunk) -> bool {
        chunk.spans() >= self.queue.limits().max_export_batch_size || chunk.is_full()
    }

    /// Makes this thread known to the export thread.
    #[cold]
    fn register(&self, chunks: &mut Vec<ThreadChunk>) -> usize {
        chunks.retain(|chunk| !chunk.queue.is_closed());
        let chunk = SharedChunk::default();
        self.queue.register(Arc::clone(&chunk));
        chunks.push(ThreadChunk { engine: self.engine, chunk, queue: Arc::clone(&self.queue) });
        chunks.len() - 1
    }
}
