//! Batches that wait in memory while they cannot be written to the disk.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::pipeline::Batch;

#[derive(Debug, Default)]
pub(super) struct Memory {
    batches: VecDeque<Batch>,
    bytes: usize,
    spans: usize,
    /// Whether the first batch is being delivered.
    is_in_flight: bool,
}

impl Memory {
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(super) fn spans(&self) -> usize {
        self.spans
    }

    /// Adds a batch. Returns false if that takes more than `max_bytes`.
    pub(super) fn push(&mut self, batch: &Batch, max_bytes: usize) -> bool {
        if self.bytes + batch.request_len() > max_bytes {
            return false;
        }
        // A copy, because the batch keeps the chunks of the threads, which are reused.
        let mut request = Vec::with_capacity(batch.request_len());
        batch.slices().for_each(|slice| request.extend_from_slice(slice));
        self.bytes += batch.request_len();
        self.spans += batch.span_count();
        self.batches.push_back(Batch::new(Bytes::from(request), batch.span_count()));
        true
    }

    /// Returns the first batch for its delivery. It stays in memory until [`end_flight`](Self::end_flight).
    pub(super) fn begin_flight(&mut self) -> Option<Batch> {
        let first = self.batches.front()?.clone();
        self.is_in_flight = true;
        Some(first)
    }

    /// Removes the batch that was being delivered, or puts it behind the others.
    pub(super) fn end_flight(&mut self, is_settled: bool) {
        self.is_in_flight = false;
        let Some(batch) = self.batches.pop_front() else { return };
        if is_settled {
            self.bytes -= batch.request_len();
            self.spans -= batch.span_count();
        } else {
            self.batches.push_back(batch);
        }
    }

    /// Returns the first batch that is not being delivered.
    pub(super) fn next_to_store(&self) -> Option<&Batch> {
        self.batches.get(usize::from(self.is_in_flight))
    }

    /// Removes the batch that [`next_to_store`](Self::next_to_store) returned.
    pub(super) fn remove_stored(&mut self) {
        if let Some(batch) = self.batches.remove(usize::from(self.is_in_flight)) {
            self.bytes -= batch.request_len();
            self.spans -= batch.span_count();
        }
    }

    /// Removes all batches. Returns the number of their spans.
    pub(super) fn clear(&mut self) -> usize {
        let spans = self.spans;
        *self = Self::default();
        spans
    }
}
