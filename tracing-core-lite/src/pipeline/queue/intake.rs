//! The queue, as seen by the threads that end spans.

use std::sync::atomic::Ordering;

use super::bounded_queue::Queue;
use crate::buffer::{Chunk, Dropped, FlushError, FlushWaker, Intake, SharedChunk};
use crate::pipeline::report;

impl Intake for Queue {
    fn register(&self, chunk: SharedChunk) {
        self.lock().threads.push(chunk);
    }

    fn release_thread(&self, shared: &SharedChunk) {
        let mut chunk = shared.lock();
        if self.is_closed() {
            return; // The export thread collects it.
        }
        if chunk.spans() > 0 && !self.hand_over(&mut chunk) {
            // Chunks of ended threads count against no thread's limit.
            self.stats.count_queue_full(chunk.spans() as u64);
            *chunk = Chunk::default();
        }
        drop(chunk);
        self.lock().threads.retain(|other| !other.is_same(shared));
    }

    fn hand_over(&self, chunk: &mut Chunk) -> bool {
        self.admit(chunk, |chunk, spare| chunk.detach(spare))
    }

    fn take(&self, mut chunk: Chunk) -> bool {
        self.admit(&mut chunk, |chunk, _| std::mem::take(chunk))
    }

    fn is_full(&self) -> bool {
        let fill = self.fill();
        fill.spans >= self.limits.max_queue_size || fill.bytes >= self.limits.max_queue_bytes
    }

    fn count_dropped(&self, reason: Dropped, spans: u64) {
        match reason {
            Dropped::QueueFull => self.stats.count_queue_full(spans),
            Dropped::AfterShutdown => self.stats.count_after_shutdown(spans),
            Dropped::AfterFork => {
                self.stats.count_after_fork(spans);
                if !self.reported_fork.swap(true, Ordering::Relaxed) {
                    report::fork();
                }
            }
        }
    }

    fn lost(&self) -> u64 {
        self.stats.snapshot(0).lost()
    }

    fn request_flush(&self, waker: Option<FlushWaker>) -> u64 {
        self.request_background_flush(waker)
    }

    fn flush_outcome(&self, number: u64) -> Option<Result<(), FlushError>> {
        self.lock().requests.flush_outcome(number)
    }
}
