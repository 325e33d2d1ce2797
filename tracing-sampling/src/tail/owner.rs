//! The thread that owns a shard.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use tracing_core_lite::context::suppress_tracing;
use tracing_core_lite::layer_support::OwnThread;
use tracing_core_lite::pipeline::Batch;

use crate::clock::{Clock, nanos};

use super::output::Output;
use super::plan::PlanError;
use super::settings::TailSettings;
use super::shard::Shard;
use super::stats::Counts;

/// The minimum time between two warnings that memory is full.
const WARN_EVERY: Duration = Duration::from_secs(60);

pub(super) enum Command {
    Spans(Batch),
    /// Decides the traces whose root has ended, and answers when the kept spans are queued for export.
    Flush(Sender<()>),
    /// Decides everything, answers, and ends the thread.
    Shutdown(Sender<()>),
    Reload(Box<TailSettings>, Sender<Result<(), PlanError>>),
}

/// A handle of the thread.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    commands: Sender<Command>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Owner {
    /// Starts the thread of one of several shards.
    pub(super) fn start(
        shard: Shard,
        index: usize,
        of: usize,
        counts: Counts,
        output: Output,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let (commands, received) = unbounded();
        let waiting_bytes = Arc::<AtomicUsize>::default();
        let worker = Worker {
            shard,
            index,
            of,
            counts,
            output,
            waiting_bytes: Arc::clone(&waiting_bytes),
            blocked: VecDeque::new(),
            clock,
            warned: (None, 0),
        };
        thread::Builder::new().name(format!("tail-{index}")).spawn(move || worker.run(&received))?;
        Ok(Self { commands, waiting_bytes })
    }

    /// Reserves room for this many bytes. A request of any size fits into an empty queue.
    pub(super) fn reserve(&self, bytes: usize, most: usize) -> bool {
        let fits = |waiting: usize| (waiting == 0 || waiting + bytes <= most).then_some(waiting + bytes);
        self.waiting_bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_ok()
    }

    /// Releases reserved room.
    pub(super) fn release(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Sends a command. Spans need reserved room. Returns false if the thread has ended.
    pub(super) fn send(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }
}

struct Worker {
    shard: Shard,
    index: usize,
    of: usize,
    counts: Counts,
    output: Output,
    waiting_bytes: Arc<AtomicUsize>,
    /// Spans that wait because of `block_on_overflow`.
    blocked: VecDeque<Batch>,
    clock: Arc<dyn Clock>,
    /// The time of the last warning, and the number of evicted traces at that time.
    warned: (Option<Instant>, u64),
}

impl Worker {
    fn now(&self) -> u64 {
        nanos(self.clock.now())
    }

    fn run(mut self, commands: &Receiver<Command>) {
        let (_suppressed, _own) = (suppress_tracing(), OwnThread::enter());
        let mut next: Option<u64> = None;
        loop {
            let command = match next {
                None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => commands.recv_timeout(Duration::from_nanos(at.saturating_sub(self.now()))),
            };
            let mut answer = None;
            match command {
                Ok(Command::Spans(batch)) => self.blocked.push_back(batch),
                Ok(Command::Flush(reply)) => {
                    self.shard.decide_rooted(self.now());
                    answer = Some(reply);
                }
                Ok(Command::Shutdown(reply)) => {
                    self.finish();
                    self.hand_over(true);
                    let _ = reply.send(());
                    return;
                }
                Ok(Command::Reload(settings, reply)) => _ = reply.send(self.shard.reload(*settings)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.ingest_blocked();
            // After every command, so that a full queue does not delay decisions.
            next = self.shard.poll(self.now());
            if !self.blocked.is_empty() && !self.shard.is_full() {
                next = Some(0);
            }
            self.hand_over(commands.is_empty() || answer.is_some());
            self.warn_of_evictions();
            if let Some(reply) = answer {
                let _ = reply.send(());
            }
            let now = self.now();
            next = next.map(|at| at.max(now));
        }
    }

    /// Adds the spans that there is room for.
    fn ingest_blocked(&mut self) {
        while !self.shard.is_full()
            && let Some(batch) = self.blocked.pop_front()
        {
            self.ingest(batch);
        }
    }

    /// Decides everything, or drops it.
    fn finish(&mut self) {
        loop {
            self.ingest_blocked();
            self.shard.finish(self.now());
            if self.blocked.is_empty() {
                return;
            }
        }
    }

    fn ingest(&mut self, batch: Batch) {
        let bytes = batch.request_len();
        let now = self.now();
        self.shard.ingest(batch.request(), self.index, self.of, now);
        drop(batch);
        self.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    fn hand_over(&mut self, all: bool) {
        for batch in self.shard.take_ready(all) {
            self.output.send(batch);
        }
    }

    fn warn_of_evictions(&mut self) {
        let evicted = self.counts.lock().evicted_traces;
        let (last, known) = self.warned;
        if evicted > known && last.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            self.warned = (Some(Instant::now()), evicted);
            tracing::warn!(
                evicted = evicted - known,
                "traces were decided early because memory is full: raise \
                 max_bytes (or num_traces), or lower decision_wait"
            );
        }
    }
}
