//! One of several exporters, with its own thread and queue.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::batch::Batch;
use super::super::error::{ExportError, Exported};
use super::super::export_counts::Operation;
use super::super::exporter::Exporter;
use super::super::limits::BatchLimits;
use super::super::parts::Parts;
use super::super::reachability::Reachability;
use super::super::report::{PipelineStats, Reporter, Stats, StatsPart};
use super::super::response::REJECTED;
use super::super::retry::Backoff;
use super::delivery::{Delivery, Outcome};
use crate::clock::after;
use crate::context::suppress_tracing;
use crate::cost::OwnThread;
use crate::error_class;

/// The time for the exporter to close its sink after the shutdown deadline.
const LAST_CALL: Duration = Duration::from_millis(100);

pub(super) struct Lane {
    shared: Arc<Shared>,
    /// The worker until its thread is started: by the thread that exports, because a daemon forks after it has read its
    /// settings, and no thread survives that.
    worker: Mutex<Option<Worker>>,
    destination: Option<String>,
    component_type: &'static str,
    attributes_read: Vec<String>,
    judges_unsampled: bool,
}

struct Shared {
    stats: Arc<Stats>,
    limits: BatchLimits,
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes threads that wait for a flush or the shutdown.
    progress: Condvar,
}

#[derive(Default)]
struct State {
    batches: VecDeque<(Batch, Arc<Delivery>)>,
    /// The batch that is being exported, unless it was given up.
    under_way: Option<Arc<Delivery>>,
    /// Spans and bytes that wait, including the batch that is being exported.
    spans: usize,
    bytes: usize,
    /// The number of flushes requested, including the shutdown, and the number completed.
    asked: u64,
    done: u64,
    /// The error of the last flush.
    flush_error: Option<String>,
    deadline: Option<Instant>,
    is_closed: bool,
    is_finished: bool,
}

impl State {
    /// Returns whether the deadline of the shutdown has passed.
    fn is_over(&self) -> bool {
        self.is_closed && self.deadline.is_none_or(|deadline| Instant::now() >= deadline)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, spans: u64, outcome: Outcome) {
        match outcome {
            Outcome::Accepted { rejected_spans } => self.stats.count_exported(spans, rejected_spans),
            Outcome::Lost => self.stats.count_export_failed(spans),
        }
    }

    /// Marks the current batch as done. Returns its delivery, unless it was given up.
    fn release(&self, batch: &Batch) -> Option<Arc<Delivery>> {
        let mut state = self.lock();
        state.spans = state.spans.saturating_sub(batch.span_count());
        state.bytes = state.bytes.saturating_sub(batch.request_len());
        state.under_way.take()
    }
}

impl Lane {
    /// Creates a lane. Its thread starts when it is first used.
    pub(super) fn new(exporter: Box<dyn Exporter>, limits: &BatchLimits) -> Self {
        let shared = Arc::new(Shared {
            stats: Arc::default(),
            limits: limits.clone(),
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Condvar::new(),
        });
        let destination = exporter.destination().map(str::to_owned);
        let component_type = exporter.component_type();
        let attributes_read = exporter.attributes_read();
        let judges_unsampled = exporter.judges_unsampled();
        let worker = Worker {
            shared: Arc::clone(&shared),
            exporter,
            reporter: Reporter::default(),
            reachability: Reachability::default(),
            error_type: None,
        };
        Self {
            shared,
            worker: Mutex::new(Some(worker)),
            destination,
            component_type,
            attributes_read,
            judges_unsampled,
        }
    }

    /// Starts the thread, the first time. If that fails, all batches are dropped and counted.
    fn start(&self) {
        let Some(worker) = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let thread = std::thread::Builder::new().name("span-fanout".into()).spawn(move || worker.run());
        if thread.is_err() {
            self.shared.lock().is_finished = true;
        }
    }

    pub(super) fn judges_unsampled(&self) -> bool {
        self.judges_unsampled
    }

    pub(super) fn attributes_read(&self) -> &[String] {
        &self.attributes_read
    }

    pub(super) fn stats_reader(&self) -> StatsPart {
        let shared = Arc::clone(&self.shared);
        let stats = Arc::clone(&shared.stats);
        StatsPart::new(self.destination.clone(), self.component_type, stats, move || {
            shared.stats.snapshot(shared.lock().spans)
        })
    }

    /// Adds a batch to the queue, or drops and counts it.
    pub(super) fn hand_over(&self, batch: &Batch, delivery: &Arc<Delivery>) {
        let (spans, bytes) = (batch.span_count(), batch.request_len());
        self.start();
        let mut state = self.shared.lock();
        let limits = &self.shared.limits;
        let has_room =
            state.spans + spans <= limits.max_queue_size && state.bytes + bytes <= limits.max_queue_bytes;
        if state.is_finished || (!has_room && state.spans > 0) {
            match state.is_finished {
                true => self.shared.stats.count_after_shutdown(spans as u64),
                false => self.shared.stats.count_queue_full(spans as u64),
            }
            drop(state);
            delivery.settle(Outcome::Lost);
            return;
        }
        (state.spans, state.bytes) = (state.spans + spans, state.bytes + bytes);
        state.batches.push_back((batch.clone(), Arc::clone(delivery)));
        drop(state);
        self.shared.work.notify_one();
    }

    /// Requests the export of all batches and a flush. Returns the number of the request.
    pub(super) fn ask_for_flush(&self, deadline: Instant) -> u64 {
        self.ask(deadline, false)
    }

    /// Requests the export of all batches and a shutdown. Returns the number of the request.
    pub(super) fn ask_for_shutdown(&self, deadline: Instant) -> u64 {
        self.ask(deadline, true)
    }

    fn ask(&self, deadline: Instant, close: bool) -> u64 {
        self.start();
        let mut state = self.shared.lock();
        state.asked += 1;
        state.deadline = Some(deadline);
        state.is_closed |= close;
        let number = state.asked;
        drop(state);
        self.shared.work.notify_one();
        number
    }

    /// Waits for a request until `deadline`.
    pub(super) fn wait(&self, number: u64, deadline: Instant) -> Result<(), String> {
        let mut state = self.shared.lock();
        while state.done < number && !state.is_finished {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("{} spans were not exported before the deadline", state.spans));
            }
            state = self.shared.progress.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.flush_error.clone().map_or(Ok(()), Err)
    }
}

impl Lane {
    /// Gives up the spans that were not exported by the shutdown deadline, and counts them.
    pub(super) fn give_up(&self) {
        let mut state = self.shared.lock();
        if state.is_finished {
            return;
        }
        let waiting: Vec<_> = state.batches.drain(..).collect();
        let under_way = state.under_way.take();
        self.shared.stats.count_export_failed(state.spans as u64);
        (state.spans, state.bytes) = (0, 0);
        drop(state);
        waiting
            .iter()
            .map(|(_, delivery)| delivery)
            .chain(&under_way)
            .for_each(|it| it.settle(Outcome::Lost));
    }
}

/// Ends the thread once it has exported the rest.
impl Drop for Lane {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if !state.is_closed {
            state.is_closed = true;
            state.asked += 1;
            state.deadline = Some(Instant::now());
        }
        drop(state);
        self.shared.work.notify_one();
    }
}

/// The next step of the thread.
enum Task {
    Export(Batch),
    Flush { number: u64, deadline: Instant, close: bool },
}

struct Worker {
    shared: Arc<Shared>,
    exporter: Box<dyn Exporter>,
    reporter: Reporter,
    reachability: Reachability,
    /// `error.type` of the last attempt.
    error_type: Option<Cow<'static, str>>,
}

/// Completes all requests when the thread ends, so that no caller waits for it.
struct Finish(Arc<Shared>);

impl Drop for Finish {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_finished = true;
        for (batch, delivery) in state.batches.drain(..).collect::<Vec<_>>() {
            self.0.stats.count_after_shutdown(batch.span_count() as u64);
            delivery.settle(Outcome::Lost);
        }
        (state.spans, state.bytes) = (0, 0);
        drop(state);
        self.0.progress.notify_all();
    }
}

impl Worker {
    fn run(mut self) {
        // Spans of the exporter itself must not be recorded, or each export would cause another.
        let (_suppressed, _own) = (suppress_tracing(), OwnThread::enter());
        let _finish = Finish(Arc::clone(&self.shared));
        let stats = PipelineStats::new(Arc::clone(&self.shared.stats));
        let counts_itself = self.exporter.count_into(&stats);
        loop {
            match self.next() {
                Task::Export(batch) => {
                    let outcome = self.export_counted(&batch);
                    let delivery = self.shared.release(&batch);
                    drop(batch);
                    if let Some(delivery) = delivery {
                        if !counts_itself || outcome == Outcome::Lost {
                            self.shared.count(delivery.spans(), outcome);
                        }
                        delivery.settle(outcome);
                    }
                }
                Task::Flush { number, deadline, close } => {
                    self.flush(number, deadline, close);
                    if close {
                        return;
                    }
                }
            }
            self.reporter.queue_full(&self.shared.stats);
        }
    }

    /// Exports one batch, and counts the operation.
    fn export_counted(&mut self, batch: &Batch) -> Outcome {
        let (begun, spans) = (Instant::now(), batch.span_count());
        self.shared.stats.exports().begin(spans);
        let outcome = self.export(batch);
        let rejects = matches!(outcome, Outcome::Accepted { rejected_spans: 1.. });
        let operation = Operation {
            duration: begun.elapsed(),
            error_type: if rejects { Some(REJECTED) } else { self.error_type.as_deref() },
            response: self.exporter.last_response(),
        };
        self.shared.stats.exports().end(spans, &operation);
        outcome
    }

    fn next(&self) -> Task {
        let mut state = self.shared.lock();
        loop {
            if let Some((batch, delivery)) = state.batches.pop_front() {
                state.under_way = Some(delivery);
                return Task::Export(batch);
            }
            if state.asked > state.done {
                let last_call = Instant::now() + LAST_CALL;
                let deadline = state.deadline.map_or(last_call, |deadline| deadline.max(last_call));
                return Task::Flush { number: state.asked, deadline, close: state.is_closed };
            }
            state = self.shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn flush(&mut self, number: u64, deadline: Instant, close: bool) {
        let exporter = &mut self.exporter;
        let result = catch_unwind(AssertUnwindSafe(|| match close {
            true => exporter.shutdown(deadline),
            false => exporter.flush(deadline),
        }));
        let mut state = self.shared.lock();
        state.flush_error = match result {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the exporter panicked".to_owned()),
        };
        state.done = state.done.max(number);
        drop(state);
        self.shared.progress.notify_all();
    }

    /// Exports one batch, with retries.
    fn export(&mut self, batch: &Batch) -> Outcome {
        let since = Instant::now();
        let mut backoff = Backoff::default();
        let spans = batch.span_count();
        let mut parts = Parts::new(batch.clone());
        loop {
            if self.reachability.is_given_up() {
                return self.lose(spans, "the receiver cannot be reached");
            }
            match parts.export(|part| self.attempt(part)) {
                Ok(Exported { rejected_spans, message }) => {
                    self.reporter.rejection(rejected_spans, &message);
                    return Outcome::Accepted { rejected_spans };
                }
                Err(ExportError::Retryable { reason, after }) => {
                    let pause = backoff.next(after);
                    self.reporter.retry(self.exporter.destination(), &reason, pause);
                    if !self.pause(pause, since) {
                        return self.lose(spans, &reason);
                    }
                }
                Err(error) => return self.lose(spans, &error.to_string()),
            }
        }
    }

    fn lose(&mut self, spans: usize, reason: &str) -> Outcome {
        self.reporter.failure(self.exporter.destination(), spans, reason);
        let class = self.error_type.clone().unwrap_or(error_class::OTHER.into());
        self.shared.stats.exports().count_failed(spans as u64, class);
        Outcome::Lost
    }

    fn attempt(&mut self, batch: &Batch) -> Result<Exported, ExportError> {
        let timeout = after(self.shared.limits.export_timeout);
        let (closed, asked) = {
            let state = self.shared.lock();
            (state.is_closed, state.deadline)
        };
        let asked = asked.filter(|deadline| closed || *deadline > Instant::now());
        let deadline = asked.map_or(timeout, |asked| asked.min(timeout));
        let exporter = &mut self.exporter;
        let result = catch_unwind(AssertUnwindSafe(|| exporter.export(batch, deadline)));
        let has_panicked = result.is_err();
        let result = result
            .unwrap_or_else(|_| Err(ExportError::Permanent { reason: "the exporter panicked".to_owned() }));
        let is_unreachable = result.is_err() && self.exporter.is_unreachable();
        self.error_type = match has_panicked {
            true => Some(error_class::PANIC.into()),
            false => self.exporter.last_response().error_type(&result),
        };
        if result.is_err() {
            self.shared.stats.exports().count_failed_attempt();
        }
        if self.reachability.note(is_unreachable, closed) {
            self.reporter.unreachable_at_shutdown(self.exporter.destination());
        }
        result
    }

    /// Waits before the next attempt. Returns false if there is none. A new request ends the wait early.
    fn pause(&self, pause: Duration, since: Instant) -> bool {
        let mut state = self.shared.lock();
        let timed_out = since.elapsed() >= self.shared.limits.retry_timeout;
        if timed_out || state.is_over() || self.reachability.is_given_up() {
            return false;
        }
        let (asked, mut until) = (state.asked, after(pause));
        if let (true, Some(deadline)) = (state.is_closed, state.deadline) {
            until = until.min(deadline);
        }
        while state.asked == asked && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            state = self.shared.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.is_over()
    }
}
