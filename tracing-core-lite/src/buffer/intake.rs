//! The trait of the queue that takes the chunks of all threads.

use std::fmt::Debug;

use super::chunk::Chunk;
use super::flush::{FlushError, FlushWaker};
use super::shared_chunk::SharedChunk;

/// The reasons why spans are dropped before they reach the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropped {
    QueueFull,
    AfterShutdown,
    /// They ended in a forked child of the process that exports.
    AfterFork,
}

/// The queue, as seen by the threads that end spans.
pub(crate) trait Intake: Debug + Send + Sync {
    /// Registers the chunk of a thread.
    fn register(&self, chunk: SharedChunk);

    /// Takes back the chunk of a thread that ends.
    fn release_thread(&self, chunk: &SharedChunk);

    /// Takes the spans of `chunk`, which is empty afterwards. Returns false if there is no room for them.
    fn hand_over(&self, chunk: &mut Chunk) -> bool;

    /// Like [`hand_over`](Intake::hand_over), for a chunk that is no longer needed.
    fn take(&self, chunk: Chunk) -> bool;

    /// Returns whether there is no room for another span.
    fn is_full(&self) -> bool;

    /// Counts spans that were dropped.
    fn count_dropped(&self, reason: Dropped, spans: u64);

    /// Returns the number of spans that were lost so far.
    fn lost(&self) -> u64;

    /// Requests a flush of all spans that have ended, and wakes `waker` when it is over. Returns its number.
    fn request_flush(&self, waker: Option<FlushWaker>) -> u64;

    /// Returns the outcome of a flush, or `None` if it is not over.
    fn flush_outcome(&self, number: u64) -> Option<Result<(), FlushError>>;
}
