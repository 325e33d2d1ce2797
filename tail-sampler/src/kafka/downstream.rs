//! The thread that sends kept spans.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing_core_lite::context::suppress_tracing;
use tracing_core_lite::pipeline::{Backoff, Batch, ExportError, Exporter};

use super::stats::{KafkaStats, Kind};

/// The timeout of one attempt to export.
const ATTEMPT: Duration = Duration::from_secs(30);

/// How often a waiting thread checks whether the program stops.
const LOOK_UP: Duration = Duration::from_millis(50);

/// The kept spans of a cycle.
struct Job {
    id: u64,
    batches: Vec<Batch>,
}

/// A handle of the thread.
#[derive(Debug)]
pub(super) struct Downstream {
    next_id: u64,
    jobs: Sender<Job>,
    done: Receiver<u64>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Downstream {
    pub(super) fn start(
        exporter: Box<dyn Exporter>,
        give_up_after: Duration,
        stats: Arc<KafkaStats>,
    ) -> std::io::Result<Self> {
        let (jobs, received) = channel();
        let (report, done) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let worker = Worker { exporter, give_up_after, stats, stop: Arc::clone(&stop) };
        let thread = thread::Builder::new()
            .name("kafka-downstream".into())
            .spawn(move || worker.run(&received, &report))?;
        Ok(Self { next_id: 0, jobs, done, stop, thread: Some(thread) })
    }

    /// Sends the kept spans of a cycle after those of earlier ones. Returns the number under which they will be done.
    pub(super) fn send(&mut self, batches: Vec<Batch>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        // The thread only ends after `stop`.
        let _ = self.jobs.send(Job { id, batches });
        id
    }

    /// Returns the next cycle whose spans were accepted.
    pub(super) fn next_done(&self) -> Option<u64> {
        self.done.try_recv().ok()
    }

    /// Gives up what was not accepted, and ends the thread.
    pub(super) fn stop(mut self) {
        self.stop.store(true, Ordering::Release);
        let Self { jobs, .. } = &mut self;
        *jobs = channel().0;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    exporter: Box<dyn Exporter>,
    give_up_after: Duration,
    stats: Arc<KafkaStats>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn run(mut self, jobs: &Receiver<Job>, done: &Sender<u64>) {
        let _suppressed = suppress_tracing();
        for job in jobs {
            let sent = job.batches.iter().all(|batch| self.send(batch));
            if !sent || done.send(job.id).is_err() {
                break;
            }
        }
        let _ = self.exporter.shutdown(Instant::now() + ATTEMPT);
    }

    /// Sends a batch. Returns false if the program stops before it was accepted.
    ///
    /// A batch is never given up while the receiver is busy or cannot be reached. One that the receiver refuses for good is
    /// repeated for a while, because the cause may be a setting, and then counted and logged.
    fn send(&mut self, batch: &Batch) -> bool {
        let since = Instant::now();
        let mut backoff = Backoff::between(Duration::from_millis(500), Duration::from_secs(10));
        loop {
            match self.exporter.export(batch, Instant::now() + ATTEMPT) {
                Ok(exported) => {
                    let spans = batch.span_count() as u64;
                    let rejected = exported.rejected_spans.min(spans);
                    self.stats.exported_spans.fetch_add(spans - rejected, Ordering::Relaxed);
                    self.stats.failed_spans.fetch_add(rejected, Ordering::Relaxed);
                    return true;
                }
                Err(error) => {
                    self.stats.count(Kind::FailedAttempt);
                    let after = match &error {
                        ExportError::Retryable { after, .. } => *after,
                        _ if since.elapsed() >= self.give_up_after => {
                            self.give_up(batch, &error);
                            return true;
                        }
                        _ => None,
                    };
                    tracing::warn!(%error, "kept spans were not accepted; nothing more is read until they are");
                    if !self.pause(backoff.next(after)) {
                        return false;
                    }
                }
            }
        }
    }

    fn give_up(&self, batch: &Batch, error: &ExportError) {
        let spans = batch.span_count() as u64;
        self.stats.failed_spans.fetch_add(spans, Ordering::Relaxed);
        tracing::error!(spans, %error, "kept spans were dropped because the receiver refuses them");
    }

    /// Waits. Returns false if the program stops.
    fn pause(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        while !self.stop.load(Ordering::Acquire) {
            let now = Instant::now();
            if now >= until {
                return true;
            }
            thread::sleep(LOOK_UP.min(until - now));
        }
        false
    }
}
