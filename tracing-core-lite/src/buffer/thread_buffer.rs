//! The buffer of a thread's finished spans: each thread has its own chunk, so that threads do not wait for each other.
//!
//! While the export thread collects a thread's chunk, spans that end on that thread go directly to the queue.

use std::cell::RefCell;
use std::sync::Arc;

use super::chunk::Chunk;
use super::gate::Gate;
use super::intake::{Dropped, Intake};
use super::shared_chunk::SharedChunk;
use crate::wire::ByteBuf;

thread_local! {
    static CHUNKS: RefCell<Vec<ThreadChunk>> = const { RefCell::new(Vec::new()) };
}

struct ThreadChunk {
    engine: u64,
    chunk: SharedChunk,
    gate: Arc<Gate>,
    queue: Arc<dyn Intake>,
}

impl Drop for ThreadChunk {
    fn drop(&mut self) {
        // In a forked child these are copies of spans that the parent exports.
        if !self.gate.is_forked() {
            self.queue.release_thread(&self.chunk);
        }
    }
}

/// The finished spans of one engine that are not in a batch yet.
#[derive(Debug)]
pub(crate) struct Buffer {
    engine: u64,
    gate: Arc<Gate>,
    queue: Arc<dyn Intake>,
    /// The number of spans at which a thread hands over its chunk.
    chunk_spans: usize,
}

impl Buffer {
    pub(crate) fn new(engine: u64, gate: Arc<Gate>, queue: Arc<dyn Intake>, chunk_spans: usize) -> Self {
        Self { engine, gate, queue, chunk_spans }
    }

    /// Returns whether the shutdown has begun.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    /// Returns whether this process was forked from the one that exports.
    pub(crate) fn is_forked(&self) -> bool {
        self.gate.is_forked()
    }

    /// Returns the queue.
    pub(crate) fn queue(&self) -> &Arc<dyn Intake> {
        &self.queue
    }

    /// Adds the span that `write` appends to a chunk as the field with the given number. If there is no room, the span
    /// is dropped and counted. Never waits for an export.
    #[inline]
    pub(crate) fn push(&self, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        if self.gate.is_forked() {
            return self.queue.count_dropped(Dropped::AfterFork, 1);
        }
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
        // The thread's storage is destroyed, an outer call on this thread is using it, or the export thread holds the
        // chunk.
        if let (Some(write), _) = (write, pushed) {
            self.push_alone(scope, write);
        }
    }

    fn append(&self, chunk: &mut Chunk, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        if self.is_ready(chunk) && !self.hand_over(chunk) {
            return self.queue.count_dropped(Dropped::QueueFull, 1);
        }
        // Checked last, because the queue may have found that the export thread has ended.
        if self.gate.is_closed() {
            return self.queue.count_dropped(Dropped::AfterShutdown, 1);
        }
        chunk.push(scope, write);
        if self.is_ready(chunk) {
            self.hand_over(chunk);
        }
    }

    /// Hands over a chunk of a single span.
    #[cold]
    fn push_alone(&self, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        if self.gate.is_closed() {
            return self.queue.count_dropped(Dropped::AfterShutdown, 1);
        }
        let mut chunk = Chunk::default();
        chunk.push(scope, write);
        if !self.queue.take(chunk) {
            self.queue.count_dropped(Dropped::QueueFull, 1);
        }
    }

    fn hand_over(&self, chunk: &mut Chunk) -> bool {
        let handed_over = self.queue.hand_over(chunk);
        // Allocates, so this must not run while the queue is locked.
        chunk.prepare();
        handed_over
    }

    #[inline]
    fn is_ready(&self, chunk: &Chunk) -> bool {
        chunk.spans() >= self.chunk_spans || chunk.is_full()
    }

    /// Registers this thread with the export thread.
    #[cold]
    fn register(&self, chunks: &mut Vec<ThreadChunk>) -> usize {
        chunks.retain(|chunk| !chunk.gate.is_closed());
        let chunk = SharedChunk::default();
        self.queue.register(chunk.clone());
        let (gate, queue) = (Arc::clone(&self.gate), Arc::clone(&self.queue));
        chunks.push(ThreadChunk { engine: self.engine, chunk, gate, queue });
        chunks.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;
    use crate::pipeline::BatchLimits;
    use crate::pipeline::queue::Queue;

    struct Fixture {
        buffer: Buffer,
        queue: Arc<Queue>,
        /// The chunk of this thread.
        chunk: SharedChunk,
    }

    /// A buffer with a number that no engine has. It holds one span.
    fn fixture(max_queue_size: usize) -> Fixture {
        static NUMBER: AtomicU64 = AtomicU64::new(u64::MAX);
        let limits = BatchLimits { max_queue_size, ..BatchLimits::default() }.normalized();
        let chunk_spans = limits.max_export_batch_size;
        let queue = Arc::new(Queue::new(limits));
        let number = NUMBER.fetch_sub(1, Ordering::Relaxed);
        let buffer = Buffer::new(number, Arc::clone(queue.gate()), Arc::clone(&queue) as _, chunk_spans);
        push(&buffer);
        let chunk = CHUNKS.with_borrow(|chunks| chunks.last().unwrap().chunk.clone());
        Fixture { buffer, queue, chunk }
    }

    fn push(buffer: &Buffer) {
        buffer.push(0, |bytes, field| bytes.push(field));
    }

    #[test]
    fn a_span_that_ends_while_its_threads_chunk_is_collected_goes_to_the_queue() {
        let Fixture { buffer, queue, chunk } = fixture(100);
        assert_eq!((chunk.lock().spans(), queue.queued_spans()), (1, 0), "the thread collects it");
        let collecting = chunk.lock();
        push(&buffer);
        assert_eq!((collecting.spans(), queue.queued_spans()), (1, 1));
        drop(collecting);
        push(&buffer);
        assert_eq!((chunk.lock().spans(), queue.queued_spans()), (2, 1));
    }

    #[test]
    fn a_span_that_ends_after_the_end_of_the_export_thread_is_counted() {
        let Fixture { buffer, queue, .. } = fixture(100);
        let lost = || queue.stats().snapshot(0).dropped_after_shutdown;
        let mut late = Chunk::default();
        late.push(0, |bytes, field| bytes.push(field));
        buffer.push_alone(0, |bytes, field| bytes.push(field));
        assert_eq!((queue.queued_spans(), lost()), (1, 0));
        queue.finish();
        assert_eq!((queue.queued_spans(), lost()), (0, 1), "what was left in the queue");
        assert!(queue.hand_over(&mut late));
        assert_eq!((late.spans(), lost()), (0, 2), "a chunk that was on its way");
        push(&buffer);
        assert_eq!(lost(), 3);
    }

    #[test]
    fn a_span_for_which_the_queue_has_no_room_waits_until_its_threads_chunk_was_collected() {
        let Fixture { buffer, queue, chunk } = fixture(2);
        (0..2).for_each(|_| buffer.push_alone(0, |bytes, field| bytes.push(field)));
        assert!(queue.is_full());
        let (begun, has_begun) = channel();
        let (waiting, is_waiting) = channel();
        thread::scope(|scope| {
            let other = chunk.clone();
            scope.spawn(move || {
                let collecting = other.lock();
                begun.send(()).unwrap();
                // The other thread finds the chunk locked and waits here.
                is_waiting.recv().unwrap();
                drop(collecting);
            });
            has_begun.recv().unwrap();
            assert!(chunk.try_lock().is_none());
            waiting.send(()).unwrap();
            push(&buffer);
        });
        assert_eq!((chunk.lock().spans(), queue.stats().snapshot(0).lost()), (2, 0));
    }

    #[test]
    fn the_export_thread_waits_for_a_chunk() {
        let shared = SharedChunk::default();
        let (trying, has_tried) = channel();
        thread::scope(|scope| {
            let mut filling = shared.try_lock().unwrap();
            let collected = scope.spawn(|| {
                assert!(shared.try_lock().is_none());
                trying.send(()).unwrap();
                shared.lock().spans()
            });
            has_tried.recv().unwrap();
            filling.push(0, |bytes, field| bytes.push(field));
            drop(filling);
            assert_eq!(collected.join().unwrap(), 1, "it did not take the chunk before it was filled");
        });
    }
}
