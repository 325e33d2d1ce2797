//! The thread that owns a shard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use tracing_core_lite::context::suppress_tracing;
use tracing_core_lite::pipeline::Batch;

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
            start: Instant::now(),
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
    start: Instant,
    /// The time of the last warning, and the number of evicted traces at that time.
    warned: (Option<Instant>, u64),
}

impl Worker {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn run(mut self, commands: &Receiver<Command>) {
        let _suppressed = suppress_tracing();
        let mut next: Option<u64> = None;
        loop {
            let command = match next {
                None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => commands.recv_timeout(Duration::from_nanos(at.saturating_sub(self.now()))),
            };
            let mut answer = None;
            match command {
                Ok(Command::Spans(batch)) => self.ingest(batch),
                Ok(Command::Flush(reply)) => {
                    self.shard.decide_rooted(self.now());
                    answer = Some(reply);
                }
                Ok(Command::Shutdown(reply)) => {
                    self.shard.decide_all(self.now());
                    self.hand_over(true);
                    let _ = reply.send(());
                    return;
                }
                Ok(Command::Reload(settings, reply)) => _ = reply.send(self.shard.reload(*settings)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // After every command, so that a full queue does not delay decisions.
            next = self.shard.poll(self.now());
            self.hand_over(commands.is_empty() || answer.is_some());
            self.warn_of_evictions();
            if let Some(reply) = answer {
                let _ = reply.send(());
            }
            let now = self.now();
            next = next.map(|at| at.max(now));
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
