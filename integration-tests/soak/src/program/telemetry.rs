//! Tracing with a disk queue, whose flushes go into the ledger.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use examples::shop::Settings;
use tracing_core_lite::env::Process;
use tracing_core_lite::exporters::disk_queue::DiskQueueConfig;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::Exporter;
use tracing_core_lite::{Guard, TracerProvider};

use super::entry::{Entry, Unacknowledged};
use super::ledger::Ledger;

/// The time between two flushes.
const FLUSH_INTERVAL: Duration = Duration::from_millis(300);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(20);
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout of one attempt to deliver a batch. Shorter than the longest faults, so that attempts time out.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_DISK_BYTES: u64 = 256 << 20;

/// From where the ids of spans that a flush acknowledges come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// From the program that ends the spans.
    Program,
    /// From the batches in front of the disk queue, because layers end the spans.
    Pipeline,
}

/// The tracing of one process.
pub(super) struct Telemetry {
    guard: Guard,
    ledger: Option<Reports>,
    stop: Arc<AtomicBool>,
    flusher: Option<JoinHandle<()>>,
}

/// The ledger, and the spans that it has not acknowledged yet.
#[derive(Debug, Clone)]
pub(super) struct Reports {
    pub(super) ended: Unacknowledged,
    pub(super) ledger: Arc<Ledger>,
}

impl Telemetry {
    /// Starts tracing. With `OTEL_SDK_DISABLED`, nothing is recorded and nothing acknowledged.
    pub(super) fn start(name: &str, settings: &Settings, source: Source) -> Result<Self, Box<dyn Error>> {
        let init = tracing_core_lite::init().with_service_name(name).with_shutdown_timeout(SHUTDOWN_TIMEOUT);
        let stop = Arc::new(AtomicBool::new(false));
        if settings.get("OTEL_SDK_DISABLED") == Some("true") {
            return Ok(Self { guard: init.start()?, ledger: None, stop, flusher: None });
        }
        let required = |variable: &str| settings.get(variable).ok_or(format!("{variable} is not set"));
        let ledger = Arc::new(Ledger::connect(name, required("SOAK_LEDGER")?)?);
        let ended = Unacknowledged::default();
        let passed = match source {
            Source::Program => Unacknowledged::default(),
            Source::Pipeline => ended.clone(),
        };
        let (otlp, _) = OtlpConfig::from_env(&Process);
        let otlp = otlp.with_timeout(EXPORT_TIMEOUT).build()?;
        let queue = DiskQueueConfig::new(required("SOAK_QUEUE")?)
            .with_max_bytes(MAX_DISK_BYTES)
            .with_export_timeout(EXPORT_TIMEOUT)
            .wrap(otlp);
        let exporter: Box<dyn Exporter> = match source {
            Source::Program => Box::new(queue),
            Source::Pipeline => Box::new(Entry { inner: queue, passed }),
        };
        let guard = init.with_exporter(exporter).start()?;
        let reports = Reports { ended, ledger };
        let flusher = spawn_flusher(guard.provider().clone(), reports.clone(), Arc::clone(&stop))?;
        Ok(Self { guard, ledger: Some(reports), stop, flusher: Some(flusher) })
    }

    pub(super) fn provider(&self) -> &TracerProvider {
        self.guard.provider()
    }

    pub(super) fn reports(&self) -> Option<&Reports> {
        self.ledger.as_ref()
    }

    /// Exports the last spans, and records them in the ledger if that succeeded.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(flusher) = self.flusher {
            let _ = flusher.join();
        }
        let last = self.ledger.as_ref().map(|reports| reports.ended.take()).unwrap_or_default();
        match (self.guard.shutdown(SHUTDOWN_TIMEOUT), &self.ledger) {
            (Ok(()), Some(reports)) => reports.ledger.record("shutdown", &last),
            (Ok(()), None) => {}
            (Err(error), _) => tracing::warn!(%error, "the shutdown acknowledged nothing"),
        }
    }
}

fn spawn_flusher(
    provider: TracerProvider,
    reports: Reports,
    stop: Arc<AtomicBool>,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("soak-flush".to_owned()).spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(FLUSH_INTERVAL);
            // Taken before the flush, which covers only spans that ended before it.
            let ended = reports.ended.take();
            match provider.flush(FLUSH_TIMEOUT) {
                Ok(()) if ended.is_empty() => {}
                Ok(()) => reports.ledger.record("flush", &ended),
                Err(error) => tracing::warn!(%error, spans = ended.len(), "a flush acknowledged nothing"),
            }
        }
    })
}
