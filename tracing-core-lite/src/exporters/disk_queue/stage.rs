//! The exporter that writes to the disk and delivers from there.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::config::{DiskQueueConfig, Fsync};
use super::delivery::Delivery;
use super::shared::Shared;
use super::stats::DiskQueueStats;
use super::sync;
use crate::cost::OwnThread;
use crate::fork;
use crate::pipeline::{Batch, ExportError, Exported, Exporter, PipelineStats};

/// An exporter that keeps batches on disk until another exporter has delivered them.
///
/// See the [module](super) for its guarantees.
pub struct DiskQueue {
    shared: Arc<Shared>,
    destination: Option<String>,
    component_type: &'static str,
    attributes_read: Vec<String>,
    judges_unsampled: bool,
    /// The exporter until the threads are started.
    exporter: Option<Box<dyn Exporter>>,
    generation: u64,
}

/// Reads the counts of a [`DiskQueue`]. Clones refer to the same queue.
#[derive(Debug, Clone)]
pub struct DiskQueueMonitor(Arc<Shared>);

impl DiskQueueMonitor {
    /// Returns the counts so far.
    #[must_use]
    pub fn stats(&self) -> DiskQueueStats {
        self.0.counters.snapshot()
    }
}

impl DiskQueueConfig {
    /// Builds the queue, which delivers to `exporter`.
    ///
    /// This touches no file and starts no thread. A directory that cannot be written, or that other processes use, is
    /// therefore not an error here: it is tried again while the program runs.
    #[must_use]
    pub fn wrap(self, exporter: impl Exporter) -> DiskQueue {
        DiskQueue::new(self, Box::new(exporter))
    }
}

impl DiskQueue {
    fn new(config: DiskQueueConfig, exporter: Box<dyn Exporter>) -> Self {
        fork::watch();
        let destination = exporter.destination().map(str::to_owned);
        let component_type = exporter.component_type();
        let attributes_read = exporter.attributes_read();
        let shared = Arc::new(Shared::new(config));
        Self {
            shared,
            destination,
            component_type,
            attributes_read,
            judges_unsampled: exporter.judges_unsampled(),
            exporter: Some(exporter),
            generation: fork::generation(),
        }
    }

    /// Starts the threads, the first time. A daemon may have forked since the queue was built, which no thread survives.
    /// Without threads, spans stay on disk for the next process.
    fn start(&mut self) {
        let Some(exporter) = self.exporter.take() else { return };
        self.generation = fork::generation();
        if let Fsync::Every(interval) = self.shared.config.fsync {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name("span-disk-sync".into());
            let _ = thread.spawn(move || {
                let _own = OwnThread::enter();
                sync::run(&shared, interval);
            });
        }
        let delivery = Delivery::new(Arc::clone(&self.shared), exporter);
        if thread::Builder::new().name("span-disk".into()).spawn(move || delivery.run()).is_err() {
            self.shared.lock().is_finished = true;
        }
    }

    /// Returns a handle that reads the counts of this queue after it was given to a provider.
    #[must_use]
    pub fn monitor(&self) -> DiskQueueMonitor {
        DiskQueueMonitor(Arc::clone(&self.shared))
    }

    /// Makes everything that was exported durable.
    fn persist(&self, deadline: Instant) -> Result<(), ExportError> {
        let failed = |reason: String| Err(ExportError::Permanent { reason });
        let directory = self.shared.config.directory.display();
        {
            let mut state = self.shared.lock();
            self.shared.store_memory(&mut state, true);
            self.shared.update_level(&state);
        }
        if self.shared.config.fsync != Fsync::Never {
            self.shared.sync();
        }
        self.shared.work.notify_one();
        if self.shared.take_sync_failed() {
            return failed(format!("the spans in {directory} could not be synced"));
        }
        // Batches that cannot be written may still be delivered.
        self.shared.wait_until(deadline, |state| state.memory.is_empty() || state.is_finished);
        let spans = self.shared.lock().memory.spans();
        if spans > 0 {
            return failed(format!("{directory} cannot be written, and {spans} spans are only in memory"));
        }
        Ok(())
    }

    fn close(&self, deadline: Instant) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        state.deadline = Some(deadline);
        drop(state);
        self.shared.work.notify_one();
        self.shared.sync_work.notify_one();
    }
}

impl Exporter for DiskQueue {
    /// Writes the batch to the disk. Never fails: the outcome is counted when it is known.
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        self.start();
        self.shared.accept(batch);
        if self.shared.config.fsync == Fsync::Always {
            self.shared.sync();
        }
        Ok(Exported::default())
    }

    /// Returns when everything exported is on disk, as durable as the [`Fsync`] policy says, or delivered.
    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.start();
        self.persist(deadline)
    }

    /// Makes everything durable, and then delivers until `deadline`. The rest stays on disk, for the next process.
    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.start();
        // Memory is delivered last, by the thread, which may write it too.
        let persisted = self.persist(Instant::now());
        self.close(deadline);
        let is_finished = self.shared.wait_until(deadline, |state| state.is_finished);
        match persisted {
            Err(error) if !is_finished || self.shared.take_sync_failed() => Err(error),
            _ => Ok(()),
        }
    }

    fn destination(&self) -> Option<&str> {
        self.destination.as_deref()
    }

    fn judges_unsampled(&self) -> bool {
        self.judges_unsampled
    }

    fn attributes_read(&self) -> Vec<String> {
        self.attributes_read.clone()
    }

    fn component_type(&self) -> &'static str {
        self.component_type
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        self.start();
        self.shared.counters.set_pipeline(stats.shared());
        true
    }
}

impl Drop for DiskQueue {
    fn drop(&mut self) {
        // In a forked child the threads do not exist, and the parent may have held the lock.
        if fork::generation() == self.generation {
            self.close(Instant::now());
        }
    }
}

impl fmt::Debug for DiskQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskQueue").field("directory", &self.shared.config.directory).finish_non_exhaustive()
    }
}
