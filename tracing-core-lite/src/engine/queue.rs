//! The bounded queue between the threads that end spans and the one that exports them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::report::Stats;
use crate::export::BatchLimits;
use crate::span::bytes::ByteBuf;

/// `ScopeSpans.spans`
const SPANS_FIELD: u8 = 2;
/// Emptied chunks that are kept for reuse, at most.
const SPARE_LIMIT: usize = 8;

/// A chunk that grew beyond this many bytes, for the sake of a very large span, is not kept.
const SPARE_CAPACITY: usize = 256 * 1024;

/// Encoded spans of one thread.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    bytes: ByteBuf,
    runs: Vec<Run>,
    spans: usize,
}

/// Spans of one scope that lie side by side in a chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) scope: u32,
    pub(crate) end: usize,
}

impl Chunk {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn spans(&self) -> usize {
        self.spans
    }

    /// Each run's scope and bytes.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut start = 0;
        self.runs.iter().map(move |run| {
            let bytes = &self.bytes.as_slice()[start..run.end];
            start = run.end;
            (run.scope, bytes)
        })
    }

    #[inline]
    pub(crate) fn push(&mut self, scope: u32, write: impl FnOnce(&mut ByteBuf, u8)) {
        write(&mut self.bytes, SPANS_FIELD);
        self.spans += 1;
        let end = self.bytes.len();
        match self.runs.last_mut() {
            Some(run) if run.scope == scope => run.end = end,
            _ => self.runs.push(Run { scope, end }),
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
        self.spans = 0;
    }
}

/// What the export thread is asked to do.
#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    spare: Vec<Chunk>,
    threads: Vec<Arc<Mutex<Chunk>>>,
    /// Flushes asked for, and done.
    flush_asked: u64,
    flush_done: u64,
    /// When the last flush or the shutdown that was asked for has to be over.
    deadline: Option<Instant>,
    finished: bool,
}

/// What the export thread has been asked for so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// How many flushes.
    pub(crate) flush: u64,
    /// The shutdown: no spans will come any more.
    pub(crate) closed: bool,
    /// By when the last flush, or the shutdown, has to be over.
    pub(crate) deadline: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Queue {
    limits: BatchLimits,
    stats: Stats,
    closed: AtomicBool,
    /// Of all chunks that were handed over and not yet exported, those in the exporter's hands included.
    spans: AtomicUsize,
    bytes: AtomicUsize,
    state: Mutex<State>,
    worker: Condvar,
    waiters: Condvar,
}

impl Queue {
    pub(crate) fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            stats: Stats::default(),
            closed: AtomicBool::new(false),
            spans: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            state: Mutex::default(),
            worker: Condvar::new(),
            waiters: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn limits(&self) -> &BatchLimits {
        &self.limits
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.stats
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Spans that were handed over and not exported yet.
    pub(crate) fn queued_spans(&self) -> usize {
        self.spans.load(Ordering::Relaxed)
    }

    pub(crate) fn register(&self, chunk: Arc<Mutex<Chunk>>) {
        self.lock().threads.push(chunk);
    }

    /// Takes what is in `chunk`, leaving an empty one; false when the queue has no room for it.
    pub(crate) fn hand_over(&self, chunk: &mut Chunk) -> bool {
        if !self.has_room(chunk) {
            return false;
        }
        let mut state = self.lock();
        let fresh = state.spare.pop().unwrap_or_default();
        self.enqueue(&mut state, std::mem::replace(chunk, fresh));
        drop(state);
        if self.queued_spans() >= self.limits.max_export_batch_size {
            self.worker.notify_one();
        }
        true
    }

    fn has_room(&self, chunk: &Chunk) -> bool {
        self.spans.load(Ordering::Relaxed) + chunk.spans <= self.limits.max_queue_size
            && self.bytes.load(Ordering::Relaxed) + chunk.bytes() <= self.limits.max_queue_bytes
    }

    fn enqueue(&self, state: &mut State, chunk: Chunk) {
        self.spans.fetch_add(chunk.spans, Ordering::Relaxed);
        self.bytes.fetch_add(chunk.bytes(), Ordering::Relaxed);
        state.chunks.push_back(chunk);
    }

    /// Brings in what the threads have begun to collect, room or not: it only moves, and is about to leave. Called by the
    /// export thread.
    pub(crate) fn collect_from_threads(&self) {
        let threads = self.lock().threads.clone();
        for shared in &threads {
            let mut chunk = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if chunk.spans > 0 {
                let mut state = self.lock();
                let fresh = state.spare.pop().unwrap_or_default();
                self.enqueue(&mut state, std::mem::replace(&mut *chunk, fresh));
            }
        }
        drop(threads);
        // A thread that ended has let go of its chunk, so nobody else can hold that chunk's lock (elsewhere a chunk's lock
        // is taken before this one).
        self.lock().threads.retain(|shared| {
            Arc::strong_count(shared) > 1 || shared.lock().unwrap_or_else(PoisonError::into_inner).spans > 0
        });
    }

    /// A thread ends: what it holds is handed over, or dropped and counted, since nobody bounds what dead threads hold.
    pub(crate) fn release_thread(&self, shared: &Arc<Mutex<Chunk>>) {
        let mut chunk = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed() {
            return; // The export thread collects it.
        }
        if chunk.spans > 0 && !self.hand_over(&mut chunk) {
            self.stats.count_queue_full(chunk.spans as u64);
            *chunk = Chunk::default();
        }
        drop(chunk);
        self.lock().threads.retain(|other| !Arc::ptr_eq(other, shared));
    }

    /// Whether a flush or the shutdown was asked for since `seen`.
    pub(crate) fn is_asked_for_more_than(&self, seen: Asked) -> bool {
        self.lock().flush_asked > seen.flush || self.is_closed() != seen.closed
    }

    /// The next chunks that fit in one batch; none when there are none.
    pub(crate) fn take_batch(&self) -> Vec<Chunk> {
        let mut state = self.lock();
        let mut batch: Vec<Chunk> = Vec::new();
        let (mut spans, mut bytes) = (0, 0);
        while let Some(next) = state.chunks.front() {
            spans += next.spans;
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
            if state.spare.len() < SPARE_LIMIT && chunk.bytes.capacity() <= SPARE_CAPACITY {
                chunk.clear();
                state.spare.push(chunk);
            }
        }
    }

    /// The spans and bytes of a batch have left, one way or another.
    pub(crate) fn release(&self, spans: usize, bytes: usize) {
        self.spans.fetch_sub(spans, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Waits until `until`, or until there is a full batch, or somebody asks for more than `seen`: another flush, or the
    /// shutdown.
    ///
    /// With `pausing`, a full batch is no reason to wake up: the receiver asked for the pause.
    pub(crate) fn wait(&self, until: Instant, pausing: bool, seen: Asked) -> Asked {
        let mut state = self.lock();
        loop {
            let asked =
                Asked { flush: state.flush_asked, closed: self.is_closed(), deadline: state.deadline };
            let full = !pausing
                && state.chunks.iter().map(|chunk| chunk.spans).sum::<usize>()
                    >= self.limits.max_export_batch_size;
            let now = Instant::now();
            if asked.flush > seen.flush || asked.closed != seen.closed || full || now >= until {
                return asked;
            }
            state = self.worker.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Flush number `number` and all before it are done.
    pub(crate) fn flush_done(&self, number: u64) {
        let mut state = self.lock();
        state.flush_done = state.flush_done.max(number);
        if state.flush_done >= state.flush_asked {
            state.deadline = None;
        }
        drop(state);
        self.waiters.notify_all();
    }

    /// The export thread is gone.
    pub(crate) fn finish(&self) {
        self.closed.store(true, Ordering::Release);
        let mut state = self.lock();
        state.finished = true;
        state.flush_done = state.flush_asked;
        drop(state);
        self.waiters.notify_all();
    }

    /// Asks for everything that ended before this call to be exported; false when `deadline` comes first.
    pub(crate) fn flush(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        state.flush_asked += 1;
        let number = state.flush_asked;
        state.deadline = Some(state.deadline.map_or(deadline, |other| other.max(deadline)));
        self.worker.notify_one();
        self.wait_until(state, deadline, |state| state.finished || state.flush_done >= number)
    }

    /// Takes no more spans and asks for all that are there to be exported; false when `deadline` comes first.
    pub(crate) fn close(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        // The first shutdown sets the deadline; later ones only wait.
        if !self.closed.swap(true, Ordering::AcqRel) {
            state.deadline = Some(deadline);
        }
        self.worker.notify_one();
        self.wait_until(state, deadline, |state| state.finished)
    }

    fn wait_until(
        &self,
        mut state: MutexGuard<'_, State>,
        deadline: Instant,
        done: impl Fn(&State) -> bool,
    ) -> bool {
        while !done(&state) {
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
