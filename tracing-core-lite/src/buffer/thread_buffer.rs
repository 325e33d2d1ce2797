//! Where a thread puts its finished spans: a chunk of its own, so that threads do not meet.
//!
//! Nor does a thread wait while the export thread collects its chunk: a span that ends then goes to the queue by itself, unless that is full.

use std::cell::RefCell;
use std::sync::Arc;

use super::chunk::Chunk;
use super::shared_chunk::SharedChunk;
use crate::pipeline::queue::Queue;
use crate::wire::ByteBuf;

thread_local! {
    static CHUNKS: RefCell<Vec<ThreadChunk>> = const { RefCell::new(Vec::new()) };
}

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
            let shared = &chunks[index].chunk;
            let chunk = shared.try_lock().or_else(|| self.queue.is_full().then(|| shared.lock()));
            if let Some(mut chunk) = chunk
                && let Some(write) = write.take()
            {
                self.append(&mut chunk, scope, write);
            }
        });
        // The thread's storage is gone, or in use further up in this very call, or the export thread has the chunk.
        if let (Some(write), _) = (write, pushed) {
            self.push_alone(scope, write);
        }
    }

    fn append(&self, chunk: &mut Chunk, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        if self.is_ready(chunk) && !self.hand_over(chunk) {
            self.queue.stats().count_queue_full(1);
            return;
        }
        // After that, as it may have found that the export thread is gone.
        if self.queue.is_closed() {
            self.queue.stats().count_after_shutdown(1);
            return;
        }
        chunk.push(scope, write);
        if self.is_ready(chunk) {
            self.hand_over(chunk);
        }
    }

    /// One span makes a chunk, and is handed over at once.
    #[cold]
    fn push_alone(&self, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        if self.queue.is_closed() {
            self.queue.stats().count_after_shutdown(1);
            return;
        }
        let mut chunk = Chunk::default();
        chunk.push(scope, write);
        if !self.queue.take(chunk) {
            self.queue.stats().count_queue_full(1);
        }
    }

    fn hand_over(&self, chunk: &mut Chunk) -> bool {
        let handed_over = self.queue.hand_over(chunk);
        // Not under the queue's lock.
        chunk.prepare();
        handed_over
    }

    #[inline]
    fn is_ready(&self, chunk: &Chunk) -> bool {
        chunk.spans() >= self.queue.limits().max_export_batch_size || chunk.is_full()
    }

    /// Makes this thread known to the export thread.
    #[cold]
    fn register(&self, chunks: &mut Vec<ThreadChunk>) -> usize {
        chunks.retain(|chunk| !chunk.queue.is_closed());
        let chunk = SharedChunk::default();
        self.queue.register(chunk.clone());
        chunks.push(ThreadChunk { engine: self.engine, chunk, queue: Arc::clone(&self.queue) });
        chunks.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::pipeline::BatchLimits;

    /// With a number that no engine has, and a chunk of this thread that is the last.
    fn buffer(max_queue_size: usize) -> (Buffer, SharedChunk) {
        static NUMBER: AtomicU64 = AtomicU64::new(u64::MAX);
        let limits = BatchLimits { max_queue_size, ..BatchLimits::default() };
        let number = NUMBER.fetch_sub(1, Ordering::Relaxed);
        let buffer = Buffer::new(number, Arc::new(Queue::new(limits.normalized())));
        push(&buffer);
        let chunk = CHUNKS.with_borrow(|chunks| chunks.last().unwrap().chunk.clone());
        (buffer, chunk)
    }

    fn push(buffer: &Buffer) {
        buffer.push(0, |bytes, field| bytes.push(field));
    }

    #[test]
    fn a_span_that_ends_while_its_threads_chunk_is_collected_goes_to_the_queue() {
        let (buffer, shared) = buffer(100);
        assert_eq!((shared.lock().spans(), buffer.queue().queued_spans()), (1, 0), "the thread collects it");
        let collecting = shared.lock();
        push(&buffer);
        assert_eq!((collecting.spans(), buffer.queue().queued_spans()), (1, 1));
        drop(collecting);
        push(&buffer);
        assert_eq!((shared.lock().spans(), buffer.queue().queued_spans()), (2, 1));
    }

    #[test]
    fn a_span_that_ends_after_the_end_of_the_export_thread_is_counted() {
        let (buffer, _) = buffer(100);
        let lost = || buffer.queue().stats().snapshot(0).dropped_after_shutdown;
        let mut late = Chunk::default();
        late.push(0, |bytes, field| bytes.push(field));
        buffer.push_alone(0, |bytes, field| bytes.push(field));
        assert_eq!((buffer.queue().queued_spans(), lost()), (1, 0));
        buffer.queue().finish();
        assert_eq!((buffer.queue().queued_spans(), lost()), (0, 1), "what nobody took");
        assert!(buffer.queue().hand_over(&mut late));
        assert_eq!((late.spans(), lost()), (0, 2), "what had passed the look at the end");
        push(&buffer);
        assert_eq!(lost(), 3);
    }

    #[test]
    fn a_span_for_which_the_queue_has_no_room_waits_until_its_threads_chunk_was_collected() {
        let (buffer, shared) = buffer(2);
        (0..2).for_each(|_| buffer.push_alone(0, |bytes, field| bytes.push(field)));
        assert!(buffer.queue().is_full());
        let (begun, has_begun) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let other = shared.clone();
            scope.spawn(move || {
                let _collecting = other.lock();
                begun.send(()).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(5));
            });
            has_begun.recv().unwrap();
            push(&buffer);
        });
        assert_eq!((shared.lock().spans(), buffer.queue().stats().snapshot(0).lost()), (2, 0));
    }

    #[test]
    fn the_export_thread_waits_for_a_chunk() {
        let shared = SharedChunk::default();
        std::thread::scope(|scope| {
            let mut filling = shared.try_lock().unwrap();
            let collected = scope.spawn(|| shared.lock().spans());
            std::thread::sleep(std::time::Duration::from_millis(5));
            assert!(!collected.is_finished());
            filling.push(0, |bytes, field| bytes.push(field));
            drop(filling);
            assert_eq!(collected.join().unwrap(), 1);
        });
    }
}
