//! The delivery of one batch, with retries.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::pending::Pending;
use super::thread::Worker;
use crate::buffer::Chunk;
use crate::clock::after;
use crate::error_class;
use crate::pipeline::batch::Batch;
use crate::pipeline::cpu;
use crate::pipeline::error::{ExportError, Exported};
use crate::pipeline::export_counts::Operation;
use crate::pipeline::queue::WakeAt;
use crate::pipeline::response::REJECTED;

/// After how many failures other batches are tried in the pauses, because the receiver may refuse only this one.
const SUSPICIOUS: u32 = 2;
/// After how many failures of other batches in one pause the receiver is left alone until its end.
const MAX_FAILURES_OF_OTHERS: u32 = 2;
/// How often the queue is looked at in the pauses of a batch that keeps failing.
const POLL: Duration = Duration::from_millis(200);

/// Why an attempt is to be repeated.
struct Failure {
    reason: String,
    pause: Duration,
    /// Whether this batch may be the cause, and not the receiver.
    is_suspicious: bool,
    /// `error.type` of the attempt.
    error_type: Option<Cow<'static, str>>,
}

impl Worker {
    /// Exports the next batch. Returns its number of spans, or `None` if the queue is empty.
    pub(super) fn export_next(&mut self) -> Option<usize> {
        let pending = self.take_next()?;
        let spans = pending.spans;
        self.export(pending);
        while let Some(pending) = self.aside.take_oldest() {
            self.export(pending);
        }
        Some(spans)
    }

    fn take_next(&mut self) -> Option<Pending> {
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
        Some(Pending::new(batch, spans, held))
    }

    /// Exports one batch with retries, until it is accepted or dropped.
    fn export(&mut self, mut pending: Pending) {
        loop {
            if self.reachability.is_given_up() {
                self.give_up(&pending, "the receiver cannot be reached");
                break;
            }
            let Some(failure) = self.try_once(&mut pending) else { break };
            if !self.pause(&failure, pending.since) {
                self.error_type = failure.error_type;
                self.give_up(&pending, &failure.reason);
                break;
            }
            self.reporter.queue_full(self.queue.stats());
        }
        self.release(pending);
    }

    /// Makes one attempt. Returns `None` if the batch was accepted or dropped.
    fn try_once(&mut self, pending: &mut Pending) -> Option<Failure> {
        match pending.parts.export(|part| self.attempt(part)) {
            Ok(_) if self.counts_itself => None,
            Ok(Exported { rejected_spans, message }) => {
                self.queue.stats().count_exported(pending.spans as u64, rejected_spans);
                self.error_type = (rejected_spans > 0).then_some(REJECTED.into());
                self.reporter.rejection(rejected_spans, &message);
                None
            }
            Err(ExportError::Retryable { reason, after }) => {
                let pause = pending.backoff.next(after);
                self.reporter.retry(self.exporter.destination(), &reason, pause);
                self.observe_overhead();
                pending.failures += 1;
                // A receiver that asks for a pause or cannot be reached refuses every batch.
                let is_suspicious = pending.failures >= SUSPICIOUS && after.is_none();
                let is_suspicious = is_suspicious && !self.exporter.is_unreachable();
                Some(Failure { reason, pause, is_suspicious, error_type: self.error_type.clone() })
            }
            Err(error) => {
                self.give_up(pending, &error.to_string());
                None
            }
        }
    }

    fn release(&mut self, pending: Pending) {
        self.end_operation(&pending);
        cpu::offer_cpu();
        self.queue.release(pending.spans, pending.held);
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
    fn pause(&mut self, failure: &Failure, since: Instant) -> bool {
        let now = Instant::now();
        if self.has_timed_out(since) || self.is_over(now) || self.reachability.is_given_up() {
            return false;
        }
        let mut until = after(failure.pause);
        if let (true, Some(deadline)) = (self.seen.closed, self.seen.deadline) {
            until = until.min(deadline);
        }
        if failure.is_suspicious {
            self.export_others(until);
        } else {
            self.seen = self.queue.wait(until, WakeAt::Never, self.seen);
        }
        !self.is_over(Instant::now())
    }

    /// Exports other batches while one waits for its next attempt.
    fn export_others(&mut self, until: Instant) {
        let mut failures = 0;
        loop {
            while failures < MAX_FAILURES_OF_OTHERS && Instant::now() < until {
                match self.export_other() {
                    None => break,
                    Some(true) => {}
                    Some(false) => failures += 1,
                }
            }
            let now = Instant::now();
            if now >= until {
                return;
            }
            let seen = self.queue.wait(until.min(now + POLL), WakeAt::Never, self.seen);
            let (is_urgent, is_newer) = (seen.is_more_urgent_than(self.seen), seen.is_newer_than(self.seen));
            self.seen = seen;
            if is_urgent {
                return;
            }
            if is_newer || now >= self.tick {
                self.queue.collect_from_threads();
                self.tick = after(self.queue.limits().schedule_delay);
            }
        }
    }

    /// Tries one batch that is due or new. Returns whether it succeeded, or `None` if there is none.
    fn export_other(&mut self) -> Option<bool> {
        let is_full = self.aside.is_full();
        let due = self.aside.take_due(Instant::now());
        let mut other = due.or_else(|| if is_full { None } else { self.take_next() })?;
        let Some(failure) = self.try_once(&mut other) else {
            self.release(other);
            return Some(true);
        };
        if self.has_timed_out(other.since) {
            self.give_up(&other, &failure.reason);
            self.release(other);
        } else {
            self.aside.push(after(failure.pause), other);
        }
        Some(false)
    }

    fn has_timed_out(&self, since: Instant) -> bool {
        since.elapsed() >= self.queue.limits().retry_timeout
    }

    /// Returns whether the deadline of the shutdown has passed.
    fn is_over(&self, now: Instant) -> bool {
        self.seen.closed && self.seen.deadline.is_none_or(|deadline| now >= deadline)
    }
}
