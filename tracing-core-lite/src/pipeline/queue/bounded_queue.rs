//! The queue, as seen by the export thread and by the callers that flush or shut down.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::fill::{Fill, FillMarks, WakeAt};
use super::requests::{RequestLog, Requests};
use crate::buffer::{Chunk, FlushError, FlushWaker, Gate, SharedChunk};
use crate::overhead::MemoryUse;
use crate::pipeline::limits::BatchLimits;
use crate::pipeline::report::Stats;

/// The maximum number of emptied chunks that are kept for reuse while the load is high: as many as arrive during a rest
/// of the export thread.
const SPARE_LIMIT: usize = 128;

/// The maximum while the load is low.
const IDLE_SPARE_LIMIT: usize = 16;

/// The shared state of the queue.
#[derive(Debug, Default)]
pub(super) struct State {
    chunks: VecDeque<Chunk>,
    spare: Vec<Chunk>,
    pub(super) threads: Vec<SharedChunk>,
    /// The fill level at which a thread wakes the export thread. `None` while it is awake or has been woken.
    pub(super) wake_at: Option<Fill>,
    pub(super) requests: RequestLog,
}

#[derive(Debug)]
pub(crate) struct Queue {
    pub(super) limits: BatchLimits,
    marks: FillMarks,
    pub(super) stats: Arc<Stats>,
    gate: Arc<Gate>,
    pub(super) reported_fork: AtomicBool,
    /// The spans of all chunks that were handed over and not yet exported, including those that the exporter holds.
    spans: AtomicUsize,
    /// The memory that they take.
    bytes: AtomicUsize,
    state: Mutex<State>,
    worker: Condvar,
    waiters: Condvar,
}

impl Queue {
    pub(crate) fn new(limits: BatchLimits) -> Self {
        Self {
            marks: FillMarks::new(&limits),
            limits,
            stats: Arc::default(),
            gate: Arc::new(Gate::new()),
            reported_fork: AtomicBool::new(false),
            spans: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            state: Mutex::default(),
            worker: Condvar::new(),
            waiters: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn limits(&self) -> &BatchLimits {
        &self.limits
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.stats
    }

    pub(crate) fn shared_stats(&self) -> Arc<Stats> {
        Arc::clone(&self.stats)
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Returns the number of spans that were handed over and not exported yet.
    pub(crate) fn queued_spans(&self) -> usize {
        self.spans.load(Ordering::Relaxed)
    }

    pub(super) fn fill(&self) -> Fill {
        Fill { spans: self.spans.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// Returns the number of spans that threads have not handed over.
    #[cfg(feature = "self-metrics")]
    pub(crate) fn buffered_spans(&self) -> usize {
        let threads = self.lock().threads.clone();
        threads.iter().map(|chunk| chunk.lock().spans()).sum()
    }

    /// Returns the memory of spans that have ended.
    pub(crate) fn memory(&self) -> MemoryUse {
        let state = self.lock();
        let spare = state.spare.iter().map(Chunk::held).sum();
        let threads = state.threads.clone();
        drop(state);
        let buffered = threads.iter().map(|chunk| chunk.lock().held()).sum();
        MemoryUse::new(self.bytes.load(Ordering::Relaxed), buffered, spare)
    }

    /// Returns whether enough spans wait for an export.
    pub(crate) fn is_due(&self) -> bool {
        self.fill().reaches(self.marks.due)
    }

    /// Returns whether so many spans wait that the export thread should hurry.
    pub(crate) fn is_behind(&self) -> bool {
        self.fill().reaches(self.marks.behind)
    }

    /// Adds the chunk that `detach` takes out of `chunk`, which gets spare chunks to choose from. Returns false if there
    /// is no room.
    pub(super) fn admit(
        &self,
        chunk: &mut Chunk,
        detach: impl FnOnce(&mut Chunk, &mut Vec<Chunk>) -> Chunk,
    ) -> bool {
        if !self.has_room(chunk) {
            return false;
        }
        let mut state = self.lock();
        if state.requests.is_finished() {
            self.stats.count_after_shutdown(chunk.spans() as u64);
            chunk.clear();
            return true;
        }
        let detached = detach(chunk, &mut state.spare);
        self.enqueue(&mut state, detached);
        // std's condition variables make a system call even if no thread waits.
        let wakes = state.wake_at.is_some_and(|mark| self.fill().reaches(mark));
        if wakes {
            state.wake_at = None;
        }
        drop(state);
        if wakes {
            self.worker.notify_one();
        }
        true
    }

    fn has_room(&self, chunk: &Chunk) -> bool {
        let fill = self.fill();
        fill.spans + chunk.spans() <= self.limits.max_queue_size
            && fill.bytes + chunk.held() <= self.limits.max_queue_bytes
    }

    fn enqueue(&self, state: &mut State, chunk: Chunk) {
        self.spans.fetch_add(chunk.spans(), Ordering::Relaxed);
        self.bytes.fetch_add(chunk.held(), Ordering::Relaxed);
        state.chunks.push_back(chunk);
    }

    /// Collects the chunks that the threads are still filling, even beyond the limits: these spans already take memory
    /// and are about to be exported. Called by the export thread.
    pub(crate) fn collect_from_threads(&self) {
        let threads = self.lock().threads.clone();
        for shared in &threads {
            let mut chunk = shared.lock();
            if chunk.spans() > 0 {
                let mut state = self.lock();
                let detached = chunk.detach(&mut state.spare);
                self.enqueue(&mut state, detached);
            }
        }
        drop(threads);
        // A thread that ended no longer refers to its chunk, so no other thread can hold that chunk's lock (elsewhere a
        // chunk's lock is taken before this one).
        self.lock().threads.retain(|shared| !shared.is_unshared() || shared.lock().spans() > 0);
    }

    /// Returns the next chunks that fit in one batch, or none if the queue is empty.
    pub(crate) fn take_batch(&self) -> Vec<Chunk> {
        let mut state = self.lock();
        let mut batch: Vec<Chunk> = Vec::new();
        let (mut spans, mut bytes) = (0, 0);
        while let Some(next) = state.chunks.front() {
            spans += next.spans();
            bytes += next.bytes();
            let fits = spans <= self.limits.max_export_batch_size && bytes <= self.limits.max_batch_bytes;
            if !fits && !batch.is_empty() {
                break;
            }
            batch.extend(state.chunks.pop_front());
        }
        batch
    }

    /// Keeps the emptied `chunks` for reuse.
    pub(crate) fn recycle(&self, chunks: Vec<Chunk>) {
        let mut state = self.lock();
        for mut chunk in chunks {
            if state.spare.len() < SPARE_LIMIT && chunk.is_reusable() {
                chunk.clear();
                state.spare.push(chunk);
            }
        }
    }

    /// Frees most of the emptied chunks when the load is low.
    pub(crate) fn trim(&self) {
        let mut state = self.lock();
        let kept = state.spare.len().min(IDLE_SPARE_LIMIT);
        let surplus = state.spare.split_off(kept);
        drop(state);
        drop(surplus);
    }

    /// Accounts for a batch that was exported or dropped.
    pub(crate) fn release(&self, spans: usize, bytes: usize) {
        self.spans.fetch_sub(spans, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Returns whether a flush or the shutdown was requested since `seen`.
    pub(crate) fn has_requests_after(&self, seen: Requests) -> bool {
        self.lock().requests.requests().is_newer_than(seen)
    }

    /// Waits until `until`, until the queue reaches the fill level `wake_at`, or until a flush or the shutdown is
    /// requested since `seen`. Returns the requests so far.
    pub(in crate::pipeline) fn wait(&self, until: Instant, wake_at: WakeAt, seen: Requests) -> Requests {
        let mark = self.marks.of(wake_at);
        let mut state = self.lock();
        loop {
            let requests = state.requests.requests();
            let is_full = mark.is_some_and(|mark| self.fill().reaches(mark));
            let now = Instant::now();
            let is_requested = match wake_at {
                WakeAt::Never => requests.is_more_urgent_than(seen),
                WakeAt::Due | WakeAt::Pressing => requests.is_newer_than(seen),
            };
            if is_requested || is_full || now >= until {
                return requests;
            }
            state.wake_at = mark;
            state = self.worker.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0;
            state.wake_at = None;
        }
    }

    /// Marks flush `number` and all earlier ones as done.
    pub(crate) fn complete_flush(&self, number: u64, outcome: Result<(), FlushError>) {
        let tasks = self.lock().requests.complete_flush(number, outcome);
        self.waiters.notify_all();
        tasks.iter().for_each(|(_, task)| task.wake());
    }

    /// Notes the outcome of the shutdown.
    pub(crate) fn set_shutdown_outcome(&self, outcome: Result<(), FlushError>) {
        self.lock().requests.set_shutdown_outcome(outcome);
    }

    /// Marks the export thread as ended.
    pub(crate) fn finish(&self) {
        self.gate.close();
        let mut state = self.lock();
        // Spans that were added after the last batch.
        for chunk in state.chunks.drain(..) {
            self.stats.count_after_shutdown(chunk.spans() as u64);
            self.release(chunk.spans(), chunk.held());
        }
        let tasks = state.requests.finish();
        drop(state);
        self.waiters.notify_all();
        tasks.iter().for_each(|(_, task)| task.wake());
    }

    /// Requests the export of all spans that ended before this call, and waits for it until `deadline`.
    pub(crate) fn flush(&self, deadline: Instant) -> Result<(), FlushError> {
        if self.gate.is_forked() {
            return Ok(());
        }
        let mut state = self.lock();
        let number = state.requests.request_flush(deadline);
        self.worker.notify_one();
        if !self.wait_until(state, deadline, |requests| requests.is_flush_over(number)) {
            return Err(FlushError::Timeout);
        }
        self.lock().requests.flush_outcome(number).unwrap_or(Ok(()))
    }

    /// Requests the export of all spans that ended before this call, without waiting for it. Returns the number of the
    /// flush.
    pub(super) fn request_background_flush(&self, waker: Option<FlushWaker>) -> u64 {
        let number = self.lock().requests.request_background_flush(waker);
        self.worker.notify_one();
        number
    }

    /// Accepts no more spans, requests the export of all that are queued, and waits for it until `deadline`.
    pub(crate) fn close(&self, deadline: Instant) -> Result<(), FlushError> {
        if self.gate.is_forked() {
            self.gate.close();
            return Ok(());
        }
        let mut state = self.lock();
        self.gate.close();
        state.requests.request_shutdown(deadline);
        self.worker.notify_one();
        if !self.wait_until(state, deadline, RequestLog::is_finished) {
            return Err(FlushError::Timeout);
        }
        self.lock().requests.shutdown_outcome()
    }

    fn wait_until(
        &self,
        mut state: MutexGuard<'_, State>,
        deadline: Instant,
        is_over: impl Fn(&RequestLog) -> bool,
    ) -> bool {
        while !is_over(&state.requests) {
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            state =
                self.waiters.wait_timeout(state, deadline - now).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
