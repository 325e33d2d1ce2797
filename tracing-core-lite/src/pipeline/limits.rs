//! When a batch is due, and how much may wait.

use std::time::Duration;

/// When a batch is exported, and how many spans may wait for it.
///
/// Names and environment variables are those of OpenTelemetry's batch span processor. Two defaults differ from it, both
/// so that fewer spans are lost: the queue holds 65,536 spans rather than 2,048, and it is bounded in bytes too.
/// Besides the queue, every thread that ends spans collects up to 64 KiB of them, and not more than one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLimits {
    /// The longest time that a span waits for its batch. `OTEL_BSP_SCHEDULE_DELAY` (milliseconds); 5 s.
    pub schedule_delay: Duration,
    /// The longest time for one attempt to export; 0 is no limit. `OTEL_BSP_EXPORT_TIMEOUT` (milliseconds); 30 s.
    pub export_timeout: Duration,
    /// Spans that may wait; further ones are dropped and counted. `OTEL_BSP_MAX_QUEUE_SIZE`; 65,536.
    pub max_queue_size: usize,
    /// Spans in one batch. So many start an export: at once, or up to 20 ms after the last one, as the export thread rests
    /// after full batches. Half a queue and a full [`max_batch_bytes`](Self::max_batch_bytes) start one too.
    /// `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`; 512.
    pub max_export_batch_size: usize,
    /// Bytes of memory that waiting spans may take; further spans are dropped and counted. 33,554,432 (32 MiB).
    pub max_queue_bytes: usize,
    /// Bytes in one batch: receivers commonly refuse more than 4 MiB. 3,145,728 (3 MiB).
    pub max_batch_bytes: usize,
    /// How long a batch is tried again before it is dropped. 5 minutes, the Collector's own default.
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

/// What stands for "no limit" where a time is set to 0.
const NO_LIMIT: Duration = Duration::from_secs(60 * 60);

impl BatchLimits {
    /// Makes the limits fit each other: none is 0, and a batch is not larger than the queue.
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
