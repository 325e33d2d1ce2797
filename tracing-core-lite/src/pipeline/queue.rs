//! The bounded queue between the threads that end spans and the export thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::limits::BatchLimits;
use super::report::{self, Stats};
use crate::buffer::{Chunk, Dropped, Gate, Intake, SharedChunk};

/// The maximum number of emptied chunks that are kept for reuse while the load is high: as many as arrive during a rest
/// of the export thread.
const SPARE_LIMIT: usize = 128;

/// The maximum while the load is low.
const IDLE_SPARE_LIMIT: usize = 16;

/// The amount of spans that wait.
#[derive(Debug, Clone, Copy)]
struct Fill {
    spans: usize,
    bytes: usize,
}

impl Fill {
    fn reaches(self, mark: Self) -> bool {
        self.spans >= mark.spans || self.bytes >= mark.bytes
    }

    /// Enough to export: a full batch, or half of a queue that is hardly larger than a batch.
    fn due(limits: &BatchLimits) -> Self {
        Self {
            spans: limits.max_export_batch_size.min(limits.max_queue_size / 2).max(1),
            bytes: limits.max_batch_bytes.min(limits.max_queue_bytes / 2).max(1),
        }
    }

    /// The export thread should hurry: two full batches, including the one it is exporting, or half of a queue that is
    /// smaller.
    fn behind(limits: &BatchLimits) -> Self {
        let due = Self::due(limits);
        Self {
            spans: (due.spans * 2).min(limits.max_queue_size / 2),
            bytes: (due.bytes * 2).min(limits.max_queue_bytes / 2),
        }
    }

    /// The export thread must not rest: a quarter of the queue. A queue of 2,048 spans, which is four batches, then has
    /// as much room left as if the thread did not rest at all.
    fn pressing(limits: &BatchLimits) -> Self {
        let due = Self::due(limits);
        Self {
            spans: (limits.max_queue_size / 4).max(due.spans),
            bytes: (limits.max_queue_bytes / 4).max(due.bytes),
        }
    }
}

/// The fill level that ends a wait of the export thread early. A flush and the shutdown always end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WakeAt {
    /// There is a full batch.
    Due,
    /// The queue fills up.
    Pressing,
    /// No fill level.
    Never,
}

/// The shared state of the queue.
#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    spare: Vec<Chunk>,
    threads: Vec<SharedChunk>,
    /// The fill level at which a thread wakes the export thread. `None` while it is awake or has been woken.
    wake_at: Option<Fill>,
    /// The numbers of the last flush requested and the last one completed.
    flush_asked: u64,
    flush_done: u64,
    /// The last flush that timed out before the exporter had flushed everything.
    flush_late: u64,
    /// The deadline of the last flush or of the shutdown.
    deadline: Option<Instant>,
    finished: bool,
}

/// The requests that the export thread has received so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The number of flushes.
    pub(crate) flush: u64,
    /// The shutdown. No spans will follow.
    pub(crate) closed: bool,
    /// The deadline of the last flush or of the shutdown.
    pub(crate) deadline: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Queue {
    limits: BatchLimits,
    due: Fill,
    behind: Fill,
    pressing: Fill,
    stats: Arc<Stats>,
    gate: Arc<Gate>,
    reported_fork: AtomicBool,
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
            due: Fill::due(&limits),
            behind: Fill::behind(&limits),
            pressing: Fill::pressing(&limits),
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn limits(&self) -> &BatchLimits {
        &self.limits
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.stats
    }

    pub(super) fn shared_stats(&self) -> Arc<Stats> {
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

    fn admit(&self, chunk: &mut Chunk, detach: impl FnOnce(&mut Chunk, &mut Vec<Chunk>) -> Chunk) -> bool {
        if !self.has_room(chunk) {
            return false;
        }
        let mut state = self.lock();
        if state.finished {
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

    fn fill(&self) -> Fill {
        Fill { spans: self.spans.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// Returns whether enough spans wait for an export.
    pub(crate) fn is_due(&self) -> bool {
        self.fill().reaches(self.due)
    }

    /// Returns whether so many spans wait that the export thread should hurry.
    pub(crate) fn is_behind(&self) -> bool {
        self.fill().reaches(self.behind)
    }

    fn has_room(&self, chunk: &Chunk) -> bool {
        self.spans.load(Ordering::Relaxed) + chunk.spans() <= self.limits.max_queue_size
            && self.bytes.load(Ordering::Relaxed) + chunk.held() <= self.limits.max_queue_bytes
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

    /// Returns whether a flush or the shutdown was requested since `seen`.
    pub(crate) fn is_asked_for_more_than(&self, seen: Asked) -> bool {
        self.lock().flush_asked > seen.flush || self.is_closed() != seen.closed
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

    /// Waits until `until`, until the queue reaches the fill level `wake_at`, or until a flush or the shutdown is
    /// requested since `seen`.
    pub(crate) fn wait(&self, until: Instant, wake_at: WakeAt, seen: Asked) -> Asked {
        let mark = match wake_at {
            WakeAt::Due => Some(self.due),
            WakeAt::Pressing => Some(self.pressing),
            WakeAt::Never => None,
        };
        let mut state = self.lock();
        loop {
            let asked =
                Asked { flush: state.flush_asked, closed: self.is_closed(), deadline: state.deadline };
            let full = mark.is_some_and(|mark| self.fill().reaches(mark));
            let now = Instant::now();
            if asked.flush > seen.flush || asked.closed != seen.closed || full || now >= until {
                return asked;
            }
            state.wake_at = mark;
            state = self.worker.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0;
            state.wake_at = None;
        }
    }

    /// Marks flush `number` and all earlier ones as done.
    pub(crate) fn flush_done(&self, number: u64, in_time: bool) {
        let mut state = self.lock();
        if !in_time {
            state.flush_late = state.flush_late.max(number);
        }
        state.flush_done = state.flush_done.max(number);
        if state.flush_done >= state.flush_asked {
            state.deadline = None;
        }
        drop(state);
        self.waiters.notify_all();
    }

    /// Marks the export thread as ended.
    pub(crate) fn finish(&self) {
        self.gate.close();
        let mut state = self.lock();
        state.finished = true;
        // Spans that were added after the last batch.
        for chunk in state.chunks.drain(..) {
            self.stats.count_after_shutdown(chunk.spans() as u64);
            self.release(chunk.spans(), chunk.held());
        }
        state.flush_done = state.flush_asked;
        drop(state);
        self.waiters.notify_all();
    }

    /// Requests the export of all spans that ended before this call. Returns false if `deadline` passes first.
    pub(crate) fn flush(&self, deadline: Instant) -> bool {
        if self.gate.is_forked() {
            return true;
        }
        let mut state = self.lock();
        state.flush_asked += 1;
        let number = state.flush_asked;
        state.deadline = Some(state.deadline.map_or(deadline, |other| other.max(deadline)));
        self.worker.notify_one();
        self.wait_until(state, deadline, |state| state.finished || state.flush_done >= number)
            && self.lock().flush_late < number
    }

    /// Accepts no more spans and requests the export of all that are queued. Returns false if `deadline` passes first.
    pub(crate) fn close(&self, deadline: Instant) -> bool {
        if self.gate.is_forked() {
            self.gate.close();
            return true;
        }
        let mut state = self.lock();
        // The first shutdown sets the deadline. Later ones only wait.
        if self.gate.close() {
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
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn queue(max_queue_size: usize) -> Queue {
        let limits = BatchLimits { max_queue_size, max_export_batch_size: 100, ..BatchLimits::default() };
        Queue::new(limits.normalized())
    }

    fn hand_over(queue: &Queue, spans: usize) {
        let mut chunk = Chunk::default();
        (0..spans).for_each(|_| chunk.push(0, |bytes, tag| bytes.push(tag)));
        assert!(queue.hand_over(&mut chunk));
    }

    /// Runs `work` while the export thread waits. Returns what woke the thread, and after what time.
    fn woken(queue: &Queue, wake_at: WakeAt, work: impl FnOnce()) -> (Asked, Duration) {
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| queue.wait(Instant::now() + SOON, wake_at, Asked::default()));
            while queue.lock().wake_at.is_none() {
                std::thread::yield_now();
            }
            let start = Instant::now();
            work();
            (waits.join().unwrap(), start.elapsed())
        })
    }

    #[test]
    fn a_full_batch_wakes_the_export_thread_once() {
        let queue = queue(10_000);
        let (asked, time) = woken(&queue, WakeAt::Due, || {
            hand_over(&queue, 99);
            assert!(queue.lock().wake_at.is_some(), "not for less than a batch");
            hand_over(&queue, 1);
        });
        assert!(time < SOON && asked == Asked::default());
        assert!(queue.lock().wake_at.is_none(), "a busy thread needs no wake-up");
    }

    #[test]
    fn a_resting_thread_is_not_woken_before_a_quarter_of_the_queue_is_full() {
        let queue = queue(10_000);
        let (_, time) = woken(&queue, WakeAt::Pressing, || {
            (0..24).for_each(|_| hand_over(&queue, 100));
            assert!(queue.is_due());
            assert!(queue.lock().wake_at.is_some());
            hand_over(&queue, 100);
        });
        assert!(time < SOON);
    }

    #[test]
    fn a_flush_and_the_shutdown_end_a_rest() {
        let queue = queue(10_000);
        let past = Instant::now();
        let (asked, time) = woken(&queue, WakeAt::Pressing, || assert!(!queue.flush(past)));
        assert!(time < SOON && asked.flush == 1 && !asked.closed);
        queue.flush_done(1, true);
        queue.lock().flush_asked = 0;
        let (asked, time) = woken(&queue, WakeAt::Pressing, || assert!(!queue.close(past)));
        assert!(time < SOON && asked.closed);
    }

    #[test]
    fn a_queue_of_one_batch_is_due_at_its_half() {
        let queue = queue(100);
        hand_over(&queue, 49);
        assert!(!queue.is_due());
        hand_over(&queue, 1);
        assert!(queue.is_due());
    }

    #[test]
    fn bytes_make_a_batch_due_as_well() {
        let limits = BatchLimits { max_batch_bytes: 1000, ..BatchLimits::default() };
        let queue = Queue::new(limits.normalized());
        hand_over(&queue, 1);
        assert!(!queue.is_due());
        let mut chunk = Chunk::default();
        chunk.push(0, |bytes, _| bytes.extend_from_slice(&[0; 1000]));
        assert!(queue.hand_over(&mut chunk));
        assert!(queue.is_due());
    }
}
