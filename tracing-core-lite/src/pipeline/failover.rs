//! An exporter that uses one of several endpoints.

use std::fmt;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::error::{ExportError, Exported};
use super::exporter::Exporter;
use super::response::ExportResponse;

/// How long a fallback is used before the first endpoint is tried again.
const RETURN_AFTER: Duration = Duration::from_secs(30);

/// An exporter that sends each batch to one of several exporters: the first, or the next one while that is not available.
///
/// Another exporter is tried when one returns [`ExportError::Retryable`], within the same attempt. The one that accepts
/// the batch is used for 30 s. Then the first is tried again. If none is available, the batch is retried as with a single
/// exporter. A permanent error ends the attempt, because the other exporters would return it too.
///
/// ```no_run
/// use tracing_core_lite::exporters::otlp::OtlpConfig;
/// use tracing_core_lite::pipeline::Failover;
///
/// let endpoint = |url: &str| OtlpConfig::new().with_endpoint(url).build();
/// let exporter = Failover::new(vec![endpoint("http://collector-a:4318")?, endpoint("http://collector-b:4318")?]);
/// let _tracing = tracing_core_lite::init().with_exporter(exporter).start()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Failover {
    exporters: Vec<Box<dyn Exporter>>,
    current: usize,
    /// The exporter that was asked last.
    last_tried: usize,
    return_after: Duration,
    return_at: Option<Instant>,
    is_unreachable: bool,
}

impl Failover {
    /// Creates an exporter that prefers the first of `exporters`.
    #[must_use]
    pub fn new(exporters: Vec<Box<dyn Exporter>>) -> Self {
        Self {
            exporters,
            current: 0,
            last_tried: 0,
            return_after: RETURN_AFTER,
            return_at: None,
            is_unreachable: false,
        }
    }

    /// Sets how long a fallback is used before the first exporter is tried again. The default is 30 s.
    #[must_use]
    pub fn with_return_after(mut self, return_after: Duration) -> Self {
        self.return_after = return_after;
        self
    }

    fn each(
        &mut self,
        mut act: impl FnMut(&mut Box<dyn Exporter>) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut outcome = Ok(());
        for exporter in &mut self.exporters {
            outcome = outcome.and(act(exporter));
        }
        outcome
    }
}

impl Exporter for Failover {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        if self.return_at.is_some_and(|at| Instant::now() >= at) {
            self.current = 0;
            self.return_at = None;
        }
        self.is_unreachable = true;
        let count = self.exporters.len();
        let mut failure = ExportError::Permanent { reason: "there is no exporter".to_owned() };
        for tried in 0..count {
            let index = (self.current + tried) % count;
            // Each exporter gets a share of the time, so that one that does not answer leaves time for the others.
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(count - tried).unwrap_or(u32::MAX);
            self.last_tried = index;
            let exporter = &mut self.exporters[index];
            let result = exporter.export(batch, Instant::now() + share);
            self.is_unreachable &= result.is_err() && exporter.is_unreachable();
            match result {
                Err(error @ ExportError::Retryable { .. }) => failure = sooner(failure, error),
                accepted_or_refused => {
                    if index != self.current || (index != 0 && self.return_at.is_none()) {
                        self.current = index;
                        self.return_at = (index != 0).then(|| Instant::now() + self.return_after);
                    }
                    return accepted_or_refused;
                }
            }
        }
        Err(failure)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.each(|exporter| exporter.flush(deadline))
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.each(|exporter| exporter.shutdown(deadline))
    }

    fn destination(&self) -> Option<&str> {
        self.exporters.get(self.current)?.destination()
    }

    fn is_unreachable(&self) -> bool {
        self.is_unreachable
    }

    fn attributes_read(&self) -> Vec<String> {
        self.exporters.iter().flat_map(Exporter::attributes_read).collect()
    }

    fn component_type(&self) -> &'static str {
        self.exporters.get(self.current).map_or_else(std::any::type_name::<Self>, Exporter::component_type)
    }

    fn last_response(&self) -> ExportResponse {
        self.exporters.get(self.last_tried).map(Exporter::last_response).unwrap_or_default()
    }
}

/// Returns the failure with the earliest retry.
fn sooner(one: ExportError, other: ExportError) -> ExportError {
    let pause = |error: &ExportError| match error {
        ExportError::Retryable { after, .. } => after.unwrap_or_default(),
        _ => Duration::MAX,
    };
    if pause(&one) <= pause(&other) { one } else { other }
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failover").field("exporters", &self.exporters.len()).finish_non_exhaustive()
    }
}
