//! The tail sampler as a stage of the export pipeline.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter, PipelineStats};

use crate::clock::{Clock, SystemClock};

use super::output::Output;
use super::owner::{Command, Owner};
use super::plan::{Plan, PlanError};
use super::policy::Policy;
use super::settings::TailSettings;
use super::shard::Shard;
use super::stats::{Counts, TailStats};

/// The pause before the queue is checked for room again.
const ROOM_PAUSE: Duration = Duration::from_millis(1);

/// An exporter that keeps the traces that its policies select, and passes them to another exporter.
///
/// It stands between the export thread and the exporter of a provider. See the [module](super) for when traces are decided.
///
/// ```
/// use std::time::Duration;
///
/// use tracing_core_lite::exporters::MemoryExporter;
/// use tracing_sampling::tail::TailSampler;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let exporter = MemoryExporter::new(); // or an OTLP exporter
/// let tail = TailSampler::builder()
///     .keep_errors()
///     .keep_slower_than(Duration::from_millis(500))
///     .keep_attribute("user.tier", "gold")
///     .keep_rest(0.01)
///     .build(exporter)?;
/// let _guard = tracing_core_lite::init().with_service_name("orders").with_exporter(tail).start()?;
/// # Ok(())
/// # }
/// ```
pub struct TailSampler {
    control: TailControl,
    output: Output,
    stats: Arc<Mutex<Option<PipelineStats>>>,
    destination: Option<String>,
    component_type: &'static str,
    judges_unsampled: bool,
}

/// A handle of a [`TailSampler`], to read counts, change the configuration and add spans. Clones refer to the same stage.
#[derive(Debug, Clone)]
pub struct TailControl {
    owners: Arc<[Owner]>,
    counts: Arc<[Counts]>,
    settings: Arc<Mutex<TailSettings>>,
    max_queue_bytes: usize,
}

/// The error of a stage that cannot accept spans because its queue is full. No span was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue of the tail sampler is full: its exporter is too slow")]
pub struct Busy;

impl TailSampler {
    /// Starts the stage in front of `exporter`.
    ///
    /// # Errors
    /// Returns an error if a policy is invalid, or if the operating system refuses a thread.
    pub fn new(settings: TailSettings, exporter: impl Exporter) -> Result<Self, StartError> {
        Self::with_clock(settings, exporter, SystemClock::default())
    }

    /// Starts the stage with a clock for its waits and budgets, for tests. A clock that a test sets does not wake the stage:
    /// [`flush`](Exporter::flush) does.
    ///
    /// # Errors
    /// Returns the errors of [`new`](Self::new).
    pub fn with_clock(
        settings: TailSettings,
        exporter: impl Exporter,
        clock: impl Clock,
    ) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let of = settings.shards.max(1);
        let destination = exporter.destination().map(str::to_owned);
        let component_type = exporter.component_type();
        let stats = Arc::<Mutex<Option<PipelineStats>>>::default();
        let sent = Counts::default();
        let shards = (0..of)
            .map(|_| {
                let counts = Counts::default();
                Ok((Shard::new(settings.clone(), counts.clone())?, counts))
            })
            .collect::<Result<Vec<_>, PlanError>>()?;
        let output =
            Output::start(Box::new(exporter), sent.clone(), Arc::clone(&stats), settings.retry_timeout)?;
        let mut counts: Vec<Counts> = shards.iter().map(|(_, counts)| counts.clone()).collect();
        counts.push(sent);
        let owners = shards
            .into_iter()
            .enumerate()
            .map(|(index, (shard, counts))| {
                Owner::start(shard, index, of, counts, output.clone(), Arc::clone(&clock))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let control = TailControl {
            owners: owners.into(),
            counts: counts.into(),
            max_queue_bytes: settings.max_queue_bytes,
            settings: Arc::new(Mutex::new(settings.clone())),
        };
        Ok(Self {
            control,
            output,
            stats,
            destination,
            component_type,
            judges_unsampled: settings.record_only_head,
        })
    }

    /// Returns a handle for counts and configuration.
    #[must_use]
    pub fn control(&self) -> TailControl {
        self.control.clone()
    }
}

/// The error when a tail sampler cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A policy is invalid.
    #[error(transparent)]
    Policy(#[from] PlanError),
    /// The operating system refused a thread.
    #[error("a thread of the tail sampler could not be started")]
    Thread(#[from] std::io::Error),
}

impl TailControl {
    /// Returns the counts so far.
    #[must_use]
    pub fn stats(&self) -> TailStats {
        Counts::sum(self.counts.iter())
    }

    /// Returns the settings in force.
    #[must_use]
    pub fn settings(&self) -> TailSettings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Accepts a batch completely, or refuses it. Does not wait.
    ///
    /// # Errors
    /// Returns [`Busy`] if there is no room now.
    pub fn accept(&self, batch: &Batch) -> Result<(), Busy> {
        let bytes = batch.request_len();
        for (index, owner) in self.owners.iter().enumerate() {
            if !owner.reserve(bytes, self.max_queue_bytes) {
                self.owners[..index].iter().for_each(|owner| owner.release(bytes));
                return Err(Busy);
            }
        }
        let sent = self.owners.iter().filter(|owner| owner.send(Command::Spans(batch.clone()))).count();
        if sent == self.owners.len() { Ok(()) } else { Err(Busy) }
    }

    /// Replaces the policies, waits and bounds. The new policies also decide about pending traces. The number of shards, the
    /// size of the queue and whether unsampled spans are considered do not change.
    ///
    /// # Errors
    /// Returns an error, and changes nothing, if a policy is invalid.
    pub fn reload(&self, mut settings: TailSettings) -> Result<(), PlanError> {
        let mut current = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        settings.shards = current.shards;
        settings.record_only_head = current.record_only_head;
        settings.max_queue_bytes = current.max_queue_bytes;
        Plan::new(&settings)?;
        for owner in self.owners.iter() {
            let (reply, answer) = bounded(1);
            if owner.send(Command::Reload(Box::new(settings.clone()), reply))
                && let Ok(result) = answer.recv()
            {
                result?;
            }
        }
        *current = settings;
        Ok(())
    }

    /// Sends a command to every shard and waits for all answers. Returns false after the deadline.
    fn ask_all(&self, command: impl Fn(crossbeam_channel::Sender<()>) -> Command, deadline: Instant) -> bool {
        let (reply, answers) = bounded(self.owners.len());
        let asked = self.owners.iter().filter(|owner| owner.send(command(reply.clone()))).count();
        drop(reply);
        (0..asked).all(|_| answers.recv_deadline(deadline).is_ok())
    }
}

impl Exporter for TailSampler {
    /// Adds the spans. Waits while the queue is full.
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        while self.control.accept(batch).is_err() {
            if Instant::now() >= deadline {
                return Err(ExportError::Retryable { reason: Busy.to_string(), after: None });
            }
            thread::sleep(ROOM_PAUSE);
        }
        Ok(Exported::default())
    }

    /// Decides the traces whose root has ended, and flushes the exporter. Other traces stay pending.
    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        if !self.control.ask_all(Command::Flush, deadline) {
            return Err(ExportError::Permanent { reason: Busy.to_string() });
        }
        let flushed = self.output.flush(deadline);
        if let Some(stats) = &*self.stats.lock().unwrap_or_else(PoisonError::into_inner) {
            stats.set_undecided(self.control.stats().pending.spans);
        }
        flushed
    }

    /// Decides every pending trace, and closes the exporter.
    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.output.close_at(deadline);
        let decided = self.control.ask_all(Command::Shutdown, deadline);
        let closed = self.output.shutdown(deadline);
        if let Some(stats) = &*self.stats.lock().unwrap_or_else(PoisonError::into_inner) {
            stats.set_undecided(self.control.stats().pending.spans);
        }
        if decided { closed } else { Err(ExportError::Permanent { reason: Busy.to_string() }) }
    }

    fn destination(&self) -> Option<&str> {
        self.destination.as_deref()
    }

    fn judges_unsampled(&self) -> bool {
        self.judges_unsampled
    }

    fn attributes_read(&self) -> Vec<String> {
        self.control.settings().policies.iter().flat_map(Policy::attributes_read).collect()
    }

    fn component_type(&self) -> &'static str {
        self.component_type
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = Some(stats.share());
        true
    }
}

impl fmt::Debug for TailSampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TailSampler").field("stats", &self.control.stats()).finish_non_exhaustive()
    }
}
