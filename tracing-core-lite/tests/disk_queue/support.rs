//! A receiver that does what a test says, and providers that export to it through a disk queue.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing_core_lite::cardinality::NameLimits;
use tracing_core_lite::exporters::disk_queue::{DiskQueueConfig, DiskQueueMonitor, Fsync};
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, ResourceBuilder, TracerProvider};

pub(crate) const SOON: Duration = Duration::from_secs(20);

/// What a receiver answers to a batch with these span names.
type Answer = dyn Fn(&[String]) -> Result<Exported, ExportError> + Send + Sync;

/// A receiver. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<State>);

#[derive(Default)]
struct State {
    received: Mutex<Vec<Vec<String>>>,
    answer: Mutex<Option<Box<Answer>>>,
}

impl Receiver {
    pub(crate) fn down() -> Self {
        let receiver = Self::default();
        receiver.answers(|_| Err(busy()));
        receiver
    }

    pub(crate) fn answers(
        &self,
        answer: impl Fn(&[String]) -> Result<Exported, ExportError> + Send + Sync + 'static,
    ) {
        *self.0.answer.lock().unwrap() = Some(Box::new(answer));
    }

    pub(crate) fn is_up(&self) {
        *self.0.answer.lock().unwrap() = None;
    }

    pub(crate) fn batches(&self) -> Vec<Vec<String>> {
        self.0.received.lock().unwrap().clone()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.batches().concat()
    }

    /// Waits until these spans have arrived, in any order, and each once.
    pub(crate) fn wait_for(&self, expected: &[String]) {
        wait("all spans", || self.names().len() >= expected.len());
        let names = self.names();
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct, expected.iter().collect(), "every span arrives");
        assert_eq!(names.len(), distinct.len(), "and arrives once");
    }
}

impl Exporter for Receiver {
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        let names = names_of(batch);
        let answer = self.0.answer.lock().unwrap();
        let exported = answer.as_ref().map_or(Ok(Exported::default()), |answer| answer(&names))?;
        self.0.received.lock().unwrap().push(names);
        Ok(exported)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

pub(crate) fn busy() -> ExportError {
    ExportError::Retryable { reason: "busy".into(), after: None }
}

fn names_of(batch: &Batch) -> Vec<String> {
    let resources = batch.decode().unwrap();
    let scopes = resources.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).map(|span| span.name).collect()
}

/// Waits for a condition.
pub(crate) fn wait(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Returns settings for tests in a new directory.
pub(crate) fn settings() -> (tempfile::TempDir, DiskQueueConfig) {
    let directory = tempfile::tempdir().unwrap();
    let config = DiskQueueConfig::new(directory.path().join("queue")).with_fsync(Fsync::Never);
    (directory, config)
}

pub(crate) struct Process {
    pub(crate) provider: TracerProvider,
    pub(crate) queue: DiskQueueMonitor,
}

impl Process {
    pub(crate) fn start(config: &DiskQueueConfig, receiver: &Receiver) -> Self {
        let queue = config.clone().wrap(receiver.clone());
        let monitor = queue.monitor();
        let limits = BatchLimits::default()
            .with_max_export_batch_size(4)
            .with_schedule_delay(Duration::from_secs(3600));
        let provider = TracerProvider::builder()
            .with_resource(ResourceBuilder::empty().with_service_name("test").build())
            .with_batch_limits(limits)
            // Each span has a name of its own.
            .with_name_limits(NameLimits::off())
            .with_exporter(queue)
            .build()
            .unwrap();
        Self { provider, queue: monitor }
    }

    /// Ends a span with each name, and flushes them in one batch each.
    pub(crate) fn record(&self, names: &[String]) {
        for name in names {
            self.end(name);
            self.provider.flush(SOON).unwrap();
        }
    }

    pub(crate) fn end(&self, name: &str) {
        self.provider.tracer("test").span(name).with_parent(&Context::new()).start().end();
    }

    /// Ends without the time to deliver anything.
    pub(crate) fn stop(self) {
        let _ = self.provider.shutdown(SOON);
    }
}

pub(crate) fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix} {number}")).collect()
}

/// Returns all files below a directory.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns the segments below a directory.
pub(crate) fn segments(directory: &Path) -> Vec<PathBuf> {
    let mut files = files(directory);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "spans"));
    files
}
