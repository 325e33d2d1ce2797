//! The thread that sends kept spans.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use tracing_core_lite::context::suppress_tracing;
use tracing_core_lite::layer_support::OwnThread;
use tracing_core_lite::pipeline::{Backoff, Batch, ExportError, Exporter, PipelineStats};

use super::stats::Counts;

/// The maximum number of batches that wait for the exporter.
const WAITING: usize = 8;

/// The timeout of one attempt to export.
const ATTEMPT: Duration = Duration::from_secs(30);

/// How often a waiting thread checks whether the shutdown has begun.
const LOOK_UP: Duration = Duration::from_millis(50);

enum Command {
    Send(Batch),
    Flush(Instant, Sender<Result<(), ExportError>>),
    Shutdown(Instant, Sender<Result<(), ExportError>>),
}

/// A handle of the thread.
#[derive(Debug, Clone)]
pub(super) struct Output {
    commands: Sender<Command>,
    closing: Closing,
}

/// The deadline of the shutdown, once it has begun.
#[derive(Debug, Clone, Default)]
struct Closing(Arc<Mutex<Option<Instant>>>);

impl Closing {
    fn set(&self, deadline: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(deadline);
    }

    fn deadline(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Output {
    /// Starts the thread.
    pub(super) fn start(
        exporter: Box<dyn Exporter>,
        counts: Counts,
        stats: Arc<Mutex<Option<PipelineStats>>>,
        retry_timeout: Duration,
    ) -> std::io::Result<Self> {
        let (commands, received) = bounded(WAITING);
        let closing = Closing::default();
        let worker = Worker { exporter, counts, stats, retry_timeout, closing: closing.clone() };
        thread::Builder::new().name("tail-output".into()).spawn(move || worker.run(&received))?;
        Ok(Self { commands, closing })
    }

    /// Queues a batch. Waits while the queue is full.
    pub(super) fn send(&self, batch: Batch) {
        // The thread only ends after the shutdown, when no batch is left.
        let _ = self.commands.send(Command::Send(batch));
    }

    pub(super) fn flush(&self, deadline: Instant) -> Result<(), ExportError> {
        self.ask(deadline, |reply| Command::Flush(deadline, reply))
    }

    pub(super) fn shutdown(&self, deadline: Instant) -> Result<(), ExportError> {
        self.ask(deadline, |reply| Command::Shutdown(deadline, reply))
    }

    /// Makes the thread drop batches that it cannot send until `deadline`.
    pub(super) fn close_at(&self, deadline: Instant) {
        self.closing.set(deadline);
    }

    fn ask(
        &self,
        deadline: Instant,
        command: impl FnOnce(Sender<Result<(), ExportError>>) -> Command,
    ) -> Result<(), ExportError> {
        let late =
            || ExportError::Permanent { reason: "kept spans were not exported before the deadline".into() };
        let (reply, answer) = bounded(1);
        self.commands.send_deadline(command(reply), deadline).map_err(|_| late())?;
        answer.recv_deadline(deadline).unwrap_or_else(|_| Err(late()))
    }
}

struct Worker {
    exporter: Box<dyn Exporter>,
    counts: Counts,
    stats: Arc<Mutex<Option<PipelineStats>>>,
    retry_timeout: Duration,
    closing: Closing,
}

impl Worker {
    fn run(mut self, commands: &Receiver<Command>) {
        let (_suppressed, _own) = (suppress_tracing(), OwnThread::enter());
        for command in commands {
            match command {
                Command::Send(batch) => self.send(&batch),
                Command::Flush(deadline, reply) => {
                    let result = self.guarded(|exporter| exporter.flush(deadline));
                    let _ = reply.send(result);
                }
                Command::Shutdown(deadline, reply) => {
                    let result = self.guarded(|exporter| exporter.shutdown(deadline));
                    let _ = reply.send(result);
                    return;
                }
            }
        }
    }

    fn guarded<R>(
        &mut self,
        call: impl FnOnce(&mut dyn Exporter) -> Result<R, ExportError>,
    ) -> Result<R, ExportError> {
        let exporter = &mut *self.exporter;
        catch_unwind(AssertUnwindSafe(|| call(exporter)))
            .unwrap_or_else(|_| Err(ExportError::Permanent { reason: "the exporter panicked".to_owned() }))
    }

    /// Sends a batch, with retries.
    fn send(&mut self, batch: &Batch) {
        let since = Instant::now();
        let mut backoff = Backoff::default();
        loop {
            let attempt = Instant::now() + ATTEMPT;
            let deadline = self.closing.deadline().map_or(attempt, |closing| closing.min(attempt));
            match self.guarded(|exporter| exporter.export(batch, deadline)) {
                Ok(exported) => return self.count_exported(batch, exported.rejected_spans),
                Err(ExportError::Retryable { reason, after }) => {
                    let pause = backoff.next(after);
                    if since.elapsed() + pause > self.retry_timeout || !self.pause(pause) {
                        return self.count_failed(batch, &reason);
                    }
                }
                Err(error) => return self.count_failed(batch, &error.to_string()),
            }
        }
    }

    /// Waits before a retry. Returns false if the shutdown's deadline is earlier.
    fn pause(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            let now = Instant::now();
            if self.closing.deadline().is_some_and(|deadline| deadline <= now) {
                return false;
            }
            if now >= until {
                return true;
            }
            thread::sleep(LOOK_UP.min(until - now));
        }
    }

    fn count_exported(&self, batch: &Batch, rejected: u64) {
        let spans = batch.span_count() as u64;
        let mut counts = self.counts.lock();
        counts.exported_spans += spans.saturating_sub(rejected);
        counts.failed_spans += rejected.min(spans);
        drop(counts);
        if let Some(stats) = &*self.stats.lock().unwrap_or_else(PoisonError::into_inner) {
            stats.count_exported(spans, rejected);
        }
    }

    fn count_failed(&self, batch: &Batch, reason: &str) {
        let spans = batch.span_count() as u64;
        self.counts.lock().failed_spans += spans;
        if let Some(stats) = &*self.stats.lock().unwrap_or_else(PoisonError::into_inner) {
            stats.count_export_failed(spans);
        }
        tracing::error!(spans, reason, "kept spans were dropped because their export failed");
    }
}
