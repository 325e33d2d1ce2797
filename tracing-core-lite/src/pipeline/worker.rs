//! The export thread: collects chunks, frames them, and hands them to the exporter.
//!
//! It is a plain thread, so that export works with any async runtime or without one, and never takes a runtime's
//! worker. After a retryable failure, the batch is repeated with increasing pauses while new spans wait in the bounded
//! queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::cpu;
use super::error::{ExportError, Exported};
use super::exporter::Exporter;
use super::frame::Framer;
use super::queue::{Asked, Queue, WakeAt};
use super::reachability::Reachability;
use super::report::{PipelineStats, Reporter};
use super::retry::Backoff;
use crate::buffer::Chunk;
use crate::clock::after;
use crate::context::suppress_tracing;
use crate::span::scopes::Scopes;

/// The time for the exporter to close its sink after the shutdown deadline.
const LAST_CALL: Duration = Duration::from_millis(100);

/// The time that the thread rests after full batches, even if more are waiting. Under sustained load the thread is then
/// either working or resting, so threads that end spans do not spend time on waking it.
const REST: Duration = Duration::from_millis(20);

/// A batch that is being exported.
struct Pending {
    batch: Batch,
    /// The memory that it takes.
    held: usize,
    since: Instant,
    backoff: Backoff,
}

struct Worker {
    queue: Arc<Queue>,
    scopes: Arc<Scopes>,
    framer: Framer,
    exporter: Box<dyn Exporter>,
    /// Whether the exporter accepts batches before it has exported them, and counts them itself.
    counts_itself: bool,
    reporter: Reporter,
    reachability: Reachability,
    /// The requests that the current round serves.
    asked: Asked,
    /// The newest known requests. Those that arrived while a batch was being retried wait for the next round.
    seen: Asked,
}

/// Starts the thread.
pub(crate) fn spawn(
    queue: Arc<Queue>,
    scopes: Arc<Scopes>,
    framer: Framer,
    mut exporter: Box<dyn Exporter>,
) -> std::io::Result<()> {
    let counts_itself = exporter.count_into(&PipelineStats::new(queue.shared_stats()));
    std::thread::Builder::new().name("span-export".to_owned()).spawn(move || {
        // Spans of the exporter itself must not be recorded, or each export would cause another.
        let _suppressed = suppress_tracing();
        let closer = Closer(Arc::clone(&queue));
        let worker = Worker {
            queue,
            scopes,
            framer,
            exporter,
            counts_itself,
            reporter: Reporter::default(),
            reachability: Reachability::default(),
            asked: Asked::default(),
            seen: Asked::default(),
        };
        worker.run();
        drop(closer);
    })?;
    Ok(())
}

/// Marks the thread as ended even if it panicked, so that no caller waits for it.
struct Closer(Arc<Queue>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.finish();
    }
}

impl Worker {
    fn run(mut self) {
        let mut tick = after(self.queue.limits().schedule_delay);
        let mut rests = false;
        loop {
            let done = self.asked;
            self.asked = if rests {
                self.queue.wait(after(REST).min(tick), WakeAt::Pressing, done)
            } else {
                self.queue.trim();
                self.queue.wait(tick, WakeAt::Due, done)
            };
            self.seen = self.asked;
            let asked_now = self.asked;
            let is_asked = asked_now.flush > done.flush || asked_now.closed;
            if is_asked || Instant::now() >= tick {
                self.export_all();
                tick = after(self.queue.limits().schedule_delay);
                rests = false;
            } else {
                rests = self.export_full_batches(tick);
            }
            self.reporter.queue_full(self.queue.stats());
            if is_asked {
                let last_call = Instant::now() + LAST_CALL;
                let deadline = asked_now.deadline.map_or(last_call, |deadline| deadline.max(last_call));
                let flushed = self.close_sink(asked_now.closed, deadline);
                self.queue.flush_done(asked_now.flush, flushed || Instant::now() < deadline);
            }
            if asked_now.closed {
                return;
            }
        }
    }

    /// Stops at the tick or a new request, because under sustained load there is always another full batch. Returns
    /// false if there was none.
    fn export_full_batches(&mut self, tick: Instant) -> bool {
        let mut exported = false;
        while self.queue.is_due()
            && Instant::now() < tick
            && !self.queue.is_asked_for_more_than(self.seen)
            && self.export_next().is_some()
        {
            exported = true;
        }
        exported
    }

    /// Exports the spans that exist now, including those that threads still hold. Spans that arrive later wait for the
    /// next round, or this might never end.
    fn export_all(&mut self) {
        self.queue.collect_from_threads();
        let mut remaining = self.queue.queued_spans();
        while remaining > 0 {
            let Some(spans) = self.export_next() else { break };
            remaining = remaining.saturating_sub(spans);
        }
    }

    /// Exports one batch. Returns its number of spans.
    fn export_next(&mut self) -> Option<usize> {
        let chunks = self.queue.take_batch();
        if chunks.is_empty() {
            return None;
        }
        let spans = chunks.iter().map(Chunk::spans).sum();
        let held = chunks.iter().map(Chunk::held).sum();
        let batch = Batch::framed(self.framer.frame(chunks, &self.scopes), spans);
        self.export(Pending { batch, held, since: Instant::now(), backoff: Backoff::default() });
        Some(spans)
    }

    /// Exports one batch with retries, until it is accepted or dropped.
    fn export(&mut self, mut pending: Pending) {
        let spans = pending.batch.span_count();
        loop {
            if self.reachability.is_given_up() {
                self.give_up(spans, "the receiver cannot be reached");
                break;
            }
            match self.attempt(&pending.batch) {
                Ok(_) if self.counts_itself => break,
                Ok(Exported { rejected_spans, message }) => {
                    self.queue.stats().count_exported(spans as u64, rejected_spans);
                    self.reporter.rejection(rejected_spans, &message);
                    break;
                }
                Err(ExportError::Retryable { reason, after }) => {
                    let pause = pending.backoff.next(after);
                    self.reporter.retry(self.exporter.destination(), &reason, pause);
                    if !self.pause(pause, pending.since) {
                        self.give_up(spans, &reason);
                        break;
                    }
                    self.reporter.queue_full(self.queue.stats());
                }
                Err(error) => {
                    self.give_up(spans, &error.to_string());
                    break;
                }
            }
        }
        cpu::offer_cpu();
        self.queue.release(spans, pending.held);
        self.queue.recycle(pending.batch.into_chunks());
    }

    fn give_up(&mut self, spans: usize, reason: &str) {
        self.queue.stats().count_export_failed(spans as u64);
        self.reporter.failure(self.exporter.destination(), spans, reason);
    }

    fn attempt(&mut self, batch: &Batch) -> Result<Exported, ExportError> {
        let timeout = after(self.queue.limits().export_timeout);
        let asked = self.seen.deadline.filter(|deadline| self.seen.closed || *deadline > Instant::now());
        let deadline = asked.map_or(timeout, |asked| asked.min(timeout));
        cpu::begin(&self.queue, self.seen);
        cpu::offer_cpu();
        let result = catch_unwind(AssertUnwindSafe(|| self.exporter.export(batch, deadline)))
            .unwrap_or_else(|_| Err(ExportError::Permanent { reason: "the exporter panicked".to_owned() }));
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

    fn close_sink(&mut self, closed: bool, deadline: Instant) -> bool {
        let exporter = &mut self.exporter;
        let result = catch_unwind(AssertUnwindSafe(|| {
            if closed { exporter.shutdown(deadline) } else { exporter.flush(deadline) }
        }));
        if let Ok(Err(error)) = &result {
            self.reporter.failure(self.exporter.destination(), 0, &error.to_string());
        }
        matches!(result, Ok(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::buffer::Intake;
    use crate::pipeline::BatchLimits;

    /// An exporter that reports, for each export, whether its thread has time, and waits until it may go on.
    struct Teller {
        told: Sender<bool>,
        goes_on: Receiver<()>,
    }

    impl Exporter for Teller {
        fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
            self.told.send(cpu::has_time()).unwrap();
            self.goes_on.recv().unwrap();
            self.told.send(cpu::has_time()).unwrap();
            Ok(Exported::default())
        }
    }

    #[test]
    fn the_export_thread_has_time_unless_spans_pile_up_or_a_request_waits() {
        let limits = BatchLimits {
            max_export_batch_size: 100,
            schedule_delay: Duration::from_secs(3600),
            ..BatchLimits::default()
        };
        let queue = Arc::new(Queue::new(limits.normalized()));
        let (told, has_time) = channel();
        let (go_on, goes_on) = channel();
        let exporter = Box::new(Teller { told, goes_on });
        spawn(Arc::clone(&queue), Arc::default(), Framer::new([], None), exporter).unwrap();
        let hand_over = |batches: usize| {
            for _ in 0..batches {
                let mut chunk = Chunk::default();
                (0..100).for_each(|_| chunk.push(0, |bytes, tag| bytes.push(tag)));
                assert!(queue.hand_over(&mut chunk));
            }
        };
        let had_time = || has_time.recv().unwrap();
        hand_over(1);
        assert!(had_time(), "a batch, and nothing else");
        hand_over(3);
        go_on.send(()).unwrap();
        assert!(!had_time(), "three more wait by now");
        for (more, expected) in [(2, false), (1, false), (0, true)] {
            assert_eq!(had_time(), expected, "{more} more wait");
            go_on.send(()).unwrap();
            assert_eq!(had_time(), expected, "{more} more wait");
        }
        assert!(!cpu::has_time(), "this thread exports nothing");

        std::thread::scope(|scope| {
            hand_over(1);
            assert!(had_time());
            scope.spawn(|| assert!(queue.flush(Instant::now() + Duration::from_secs(10))));
            while !queue.is_asked_for_more_than(Asked::default()) {
                std::thread::yield_now();
            }
            go_on.send(()).unwrap();
            assert!(!had_time(), "somebody waits");
        });
        hand_over(1);
        assert!(had_time(), "nobody does any more");
        go_on.send(()).unwrap();
        assert!(had_time());
        drop(go_on);
        assert!(queue.close(Instant::now() + Duration::from_secs(10)));
    }
}
