//! Limits of the queue and of batches.

use std::time::Duration;

/// When a batch is exported, and how many spans may wait for it.
///
/// Names and environment variables are those of OpenTelemetry's batch span processor. Two defaults differ, so that
/// fewer spans are lost: the queue holds 65,536 spans rather than 2,048, and it is also limited in bytes. In addition,
/// every thread that ends spans buffers up to 64 KiB of them, and at most one batch.
///
/// ```
/// use std::time::Duration;
/// use tracing_core_lite::pipeline::BatchLimits;
///
/// let limits = BatchLimits::default().with_schedule_delay(Duration::from_secs(1));
/// assert_eq!(limits.max_export_batch_size, 512);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchLimits {
    /// The maximum time that a span waits for its batch: `OTEL_BSP_SCHEDULE_DELAY` in milliseconds, 5 s by default.
    pub schedule_delay: Duration,
    /// The maximum time for one attempt to export: `OTEL_BSP_EXPORT_TIMEOUT` in milliseconds, 30 s by default. 0 means
    /// no limit.
    pub export_timeout: Duration,
    /// The maximum number of spans that wait. Further spans are dropped and counted: `OTEL_BSP_MAX_QUEUE_SIZE`, 65,536
    /// by default.
    pub max_queue_size: usize,
    /// The maximum number of spans in a batch: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, 512 by default. That many spans start
    /// an export, at once or up to 20 ms after the last one, because the export thread rests after full batches. Half a
    /// queue and a full [`max_batch_bytes`](Self::max_batch_bytes) start one too.
    pub max_export_batch_size: usize,
    /// The maximum number of bytes that waiting spans take in memory. Further spans are dropped and counted: 33,554,432
    /// (32 MiB) by default.
    pub max_queue_bytes: usize,
    /// The maximum number of bytes in a batch: 3,145,728 (3 MiB) by default. Receivers commonly refuse more than 4 MiB.
    pub max_batch_bytes: usize,
    /// The maximum time that a batch is retried before it is dropped: 5 minutes by default, as in the OpenTelemetry
    /// Collector.
    pub retry_timeout: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            schedule_delay: Duration::from_secs(5),
            export_timeout: Duration::from_secs(30),
            max_queue_size: 65_536,
            max_export_batch_size: 512,
            max_queue_bytes: 32 * 1024 * 1024,
            max_batch_bytes: 3 * 1024 * 1024,
            retry_timeout: Duration::from_secs(300),
        }
    }
}

/// The time that means no limit.
const NO_LIMIT: Duration = Duration::from_secs(60 * 60);

impl BatchLimits {
    /// Sets the maximum time that a span waits for its batch.
    #[must_use]
    pub fn with_schedule_delay(mut self, schedule_delay: Duration) -> Self {
        self.schedule_delay = schedule_delay;
        self
    }

    /// Sets the maximum time for one attempt to export. 0 means no limit.
    #[must_use]
    pub fn with_export_timeout(mut self, export_timeout: Duration) -> Self {
        self.export_timeout = export_timeout;
        self
    }

    /// Sets the maximum number of spans that wait.
    #[must_use]
    pub fn with_max_queue_size(mut self, max_queue_size: usize) -> Self {
        self.max_queue_size = max_queue_size;
        self
    }

    /// Sets the maximum number of spans in a batch.
    #[must_use]
    pub fn with_max_export_batch_size(mut self, max_export_batch_size: usize) -> Self {
        self.max_export_batch_size = max_export_batch_size;
        self
    }

    /// Sets the maximum number of bytes that waiting spans take in memory.
    #[must_use]
    pub fn with_max_queue_bytes(mut self, max_queue_bytes: usize) -> Self {
        self.max_queue_bytes = max_queue_bytes;
        self
    }

    /// Sets the maximum number of bytes in a batch.
    #[must_use]
    pub fn with_max_batch_bytes(mut self, max_batch_bytes: usize) -> Self {
        self.max_batch_bytes = max_batch_bytes;
        self
    }

    /// Sets the maximum time that a batch is retried before it is dropped.
    #[must_use]
    pub fn with_retry_timeout(mut self, retry_timeout: Duration) -> Self {
        self.retry_timeout = retry_timeout;
        self
    }

    /// Returns consistent limits: none is 0, and a batch is not larger than the queue.
    pub(crate) fn normalized(mut self) -> Self {
        self.max_queue_size = self.max_queue_size.max(1);
        self.max_export_batch_size = self.max_export_batch_size.clamp(1, self.max_queue_size);
        self.max_queue_bytes = self.max_queue_bytes.max(1024 * 1024);
        if self.export_timeout.is_zero() {
            self.export_timeout = NO_LIMIT;
        }
        self
    }
}
