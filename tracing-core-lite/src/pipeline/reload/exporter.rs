//! The exporter that contains the current one.

use std::fmt;
use std::time::{Duration, Instant};

use super::super::batch::Batch;
use super::super::error::{ExportError, Exported};
use super::super::exporter::Exporter;
use super::super::report::{PipelineStats, Reporter};
use super::super::response::ExportResponse;
use super::closing::Closing;
use super::handle::ExporterHandle;

/// How long a replaced exporter may take to deliver what it has accepted.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// An exporter that contains another, which can be replaced while spans are exported.
///
/// No span is lost in the exchange. A batch goes to the exporter that is current when it is sent; one that is being retried goes to the
/// new one. The replaced exporter is shut down in a thread of its own, so it first delivers what it has accepted (a fan-out, a tail
/// sampler or a disk queue accepts batches before it delivers them). The next flush waits for that, and fails if it failed.
///
/// The counts of the provider include all exporters. Those of
/// [single exporters](crate::TracerProvider::exporter_stats) and metrics of the pipeline are those of the first.
///
/// ```
/// use std::time::Duration;
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::exporters::MemoryExporter;
/// use tracing_core_lite::pipeline::ReloadableExporter;
///
/// let (old, new) = (MemoryExporter::new(), MemoryExporter::new());
/// let exporter = ReloadableExporter::new(old.clone());
/// let handle = exporter.handle();
/// let provider = TracerProvider::builder().with_exporter(exporter).build()?;
///
/// provider.tracer("shop").span("before").start().end();
/// provider.flush(Duration::from_secs(5))?;
/// handle.set(new.clone())?; // For example when a configuration file has changed.
/// provider.tracer("shop").span("after").start().end();
/// provider.flush(Duration::from_secs(5))?;
/// assert_eq!((old.finished().len(), new.finished().len()), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ReloadableExporter {
    current: Box<dyn Exporter>,
    /// Whether the current exporter accepts batches before it has exported them, and counts them itself.
    counts_itself: bool,
    handle: ExporterHandle,
    closing: Vec<Closing>,
    close_timeout: Duration,
    stats: Option<PipelineStats>,
    reporter: Reporter,
}

impl ReloadableExporter {
    /// Creates an exporter that passes spans to `exporter` until it is replaced.
    #[must_use]
    pub fn new(exporter: impl Exporter) -> Self {
        Self {
            handle: ExporterHandle::new(exporter.judges_unsampled()),
            current: Box::new(exporter),
            counts_itself: false,
            closing: Vec::new(),
            close_timeout: CLOSE_TIMEOUT,
            stats: None,
            reporter: Reporter::default(),
        }
    }

    /// Sets how long a replaced exporter may take to deliver what it has accepted. The default is 30 s.
    #[must_use]
    pub fn with_close_timeout(mut self, close_timeout: Duration) -> Self {
        self.close_timeout = close_timeout;
        self
    }

    /// Returns a handle that replaces the exporter after this one was given to a provider.
    #[must_use]
    pub fn handle(&self) -> ExporterHandle {
        self.handle.clone()
    }

    /// Begins to use the next exporter, if there is one.
    fn exchange(&mut self) {
        let Some(next) = self.handle.take() else { return };
        let replaced = std::mem::replace(&mut self.current, next);
        self.begin_counting();
        self.closing.push(Closing::start(replaced, self.close_timeout));
    }

    fn begin_counting(&mut self) {
        let Some(stats) = &self.stats else { return };
        self.counts_itself = self.current.count_into(stats);
    }

    /// Waits until all replaced exporters are closed.
    fn wait_until_closed(&mut self, deadline: Instant) -> Result<(), ExportError> {
        let mut outcome = Ok(());
        self.closing.retain(|closing| match closing.wait(deadline) {
            Some(closed) => {
                if outcome.is_ok() {
                    outcome = closed;
                }
                false
            }
            None => true,
        });
        if !self.closing.is_empty() && outcome.is_ok() {
            let reason = "a replaced exporter still delivers what it has accepted".to_owned();
            outcome = Err(ExportError::Permanent { reason });
        }
        outcome
    }
}

impl Exporter for ReloadableExporter {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.exchange();
        let exported = self.current.export(batch, deadline)?;
        if let Some(stats) = self.stats.as_ref().filter(|_| !self.counts_itself) {
            stats.count_exported(batch.span_count() as u64, exported.rejected_spans);
            self.reporter.rejection(exported.rejected_spans, &exported.message);
        }
        Ok(exported)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exchange();
        let flushed = self.current.flush(deadline);
        self.wait_until_closed(deadline).and(flushed)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exchange();
        let closed = self.current.shutdown(deadline);
        self.wait_until_closed(deadline).and(closed)
    }

    fn destination(&self) -> Option<&str> {
        self.current.destination()
    }

    fn is_unreachable(&self) -> bool {
        self.current.is_unreachable()
    }

    fn judges_unsampled(&self) -> bool {
        self.handle.judges_unsampled()
    }

    fn attributes_read(&self) -> Vec<String> {
        self.current.attributes_read()
    }

    fn component_type(&self) -> &'static str {
        self.current.component_type()
    }

    fn last_response(&self) -> ExportResponse {
        self.current.last_response()
    }

    /// Always counts itself, because the current exporter may or may not.
    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        self.stats = Some(stats.share());
        self.begin_counting();
        true
    }
}

impl fmt::Debug for ReloadableExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadableExporter").field("closing", &self.closing.len()).finish_non_exhaustive()
    }
}
