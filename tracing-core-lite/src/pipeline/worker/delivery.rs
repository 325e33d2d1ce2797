//! The delivery of one batch, with retries.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::thread::Worker;
use crate::buffer::Chunk;
use crate::clock::after;
use crate::error_class;
use crate::pipeline::batch::Batch;
use crate::pipeline::cpu;
use crate::pipeline::error::{ExportError, Exported};
use crate::pipeline::export_counts::Operation;
use crate::pipeline::parts::Parts;
use crate::pipeline::queue::WakeAt;
use crate::pipeline::response::REJECTED;
use crate::pipeline::retry::Backoff;

/// A batch that is being exported.
struct Pending {
    parts: Parts,
    spans: usize,
    /// The memory that it takes.
    held: usize,
    since: Instant,
    backoff: Backoff,
}

impl Worker {
    /// Exports the next batch. Returns its number of spans, or `None` if the queue is empty.
    pub(super) fn export_next(&mut self) -> Option<usize> {
        let chunks = self.queue.take_batch();
        if chunks.is_empty() {
            return None;
        }
        let spans = chunks.iter().map(Chunk::spans).sum();
        let held = chunks.iter().map(Chunk::held).sum();
        let batch = Batch::framed(self.framer.frame(chunks, &self.scopes), spans);
        if let Some(duration) = self.requests.of_batch(&batch) {
            self.monitor.add_requests(duration);
        }
        self.queue.stats().exports().begin(spans);
        self.export(Pending {
            parts: Parts::new(batch),
            spans,
            held,
            since: Instant::now(),
            backoff: Backoff::default(),
        });
        Some(spans)
    }

    /// Exports one batch with retries, until it is accepted or dropped.
    fn export(&mut self, mut pending: Pending) {
        let spans = pending.spans;
        loop {
            if self.reachability.is_given_up() {
                self.give_up(&pending, "the receiver cannot be reached");
                break;
            }
            match pending.parts.export(|part| self.attempt(part)) {
                Ok(_) if self.counts_itself => break,
                Ok(Exported { rejected_spans, message }) => {
                    self.queue.stats().count_exported(spans as u64, rejected_spans);
                    self.error_type = (rejected_spans > 0).then_some(REJECTED.into());
                    self.reporter.rejection(rejected_spans, &message);
                    break;
                }
                Err(ExportError::Retryable { reason, after }) => {
                    let pause = pending.backoff.next(after);
                    self.reporter.retry(self.exporter.destination(), &reason, pause);
                    self.observe_overhead();
                    if !self.pause(pause, pending.since) {
                        self.give_up(&pending, &reason);
                        break;
                    }
                    self.reporter.queue_full(self.queue.stats());
                }
                Err(error) => {
                    self.give_up(&pending, &error.to_string());
                    break;
                }
            }
        }
        self.end_operation(&pending);
        cpu::offer_cpu();
        self.queue.release(spans, pending.held);
        if let Some(batch) = pending.parts.into_last() {
            self.queue.recycle(batch.into_chunks());
        }
    }

    /// Drops what is left of a batch, and counts it.
    fn give_up(&mut self, pending: &Pending, reason: &str) {
        let (exported, outcome) = pending.parts.exported();
        if exported > 0 && !self.counts_itself {
            self.queue.stats().count_exported(exported as u64, outcome.rejected_spans);
        }
        let spans = pending.spans - exported;
        self.queue.stats().count_export_failed(spans as u64);
        let class = self.error_type.clone().unwrap_or(error_class::OTHER.into());
        self.queue.stats().exports().count_failed(spans as u64, class);
        self.reporter.failure(self.exporter.destination(), spans, reason);
    }

    /// Counts a batch whose export is over.
    fn end_operation(&self, pending: &Pending) {
        let operation = Operation {
            duration: pending.since.elapsed(),
            error_type: self.error_type.as_deref(),
            response: self.exporter.last_response(),
        };
        self.queue.stats().exports().end(pending.spans, &operation);
    }

    fn attempt(&mut self, batch: &Batch) -> Result<Exported, ExportError> {
        let timeout = after(self.queue.limits().export_timeout);
        let requested = self.seen.deadline.filter(|deadline| self.seen.closed || *deadline > Instant::now());
        let deadline = requested.map_or(timeout, |requested| requested.min(timeout));
        cpu::begin(&self.queue, self.seen);
        cpu::offer_cpu();
        let result = catch_unwind(AssertUnwindSafe(|| self.exporter.export(batch, deadline)));
        let has_panicked = result.is_err();
        let result = result
            .unwrap_or_else(|_| Err(ExportError::Permanent { reason: "the exporter panicked".to_owned() }));
        self.error_type = match has_panicked {
            true => Some(error_class::PANIC.into()),
            false => self.exporter.last_response().error_type(&result),
        };
        if result.is_err() {
            self.queue.stats().exports().count_failed_attempt();
        }
        let is_unreachable = result.is_err() && self.exporter.is_unreachable();
        if self.reachability.note(is_unreachable, self.seen.closed) {
            self.reporter.unreachable_at_shutdown(self.exporter.destination());
        }
        result
    }

    /// Waits before the next attempt. Returns false if there is none. A new flush ends the wait early.
    fn pause(&mut self, pause: Duration, since: Instant) -> bool {
        let now = Instant::now();
        let timed_out = now.saturating_duration_since(since) >= self.queue.limits().retry_timeout;
        if timed_out || self.is_over(now) || self.reachability.is_given_up() {
            return false;
        }
        let mut until = after(pause);
        if let (true, Some(deadline)) = (self.seen.closed, self.seen.deadline) {
            until = until.min(deadline);
        }
        self.seen = self.queue.wait(until, WakeAt::Never, self.seen);
        !self.is_over(Instant::now())
    }

    /// Returns whether the deadline of the shutdown has passed.
    fn is_over(&self, now: Instant) -> bool {
        self.seen.closed && self.seen.deadline.is_none_or(|deadline| now >= deadline)
    }
}
