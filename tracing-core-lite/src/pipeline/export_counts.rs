//! Counts of exports by their outcome, for metrics.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::response::ExportResponse;
use crate::error_class;

/// The maximum number of classes of failures. Further ones are counted as `_OTHER`.
const MAX_CLASSES: usize = 32;

/// One batch that was exported or given up.
#[derive(Debug)]
#[cfg_attr(not(feature = "self-metrics"), allow(dead_code))]
pub(crate) struct Operation<'a> {
    /// From the start of the first attempt to the end of the last.
    pub(crate) duration: Duration,
    /// `None` if all spans were accepted.
    pub(crate) error_type: Option<&'a str>,
    pub(crate) response: ExportResponse,
}

type OnOperation = Box<dyn Fn(&Operation<'_>) + Send + Sync>;

/// The counts of one exporter.
#[derive(Default)]
pub(crate) struct ExportCounts {
    /// Spans that were passed to the exporter.
    passed: AtomicU64,
    /// Of those, the ones whose export is not over.
    in_flight: AtomicU64,
    failed_attempts: AtomicU64,
    /// Spans that were dropped, by the class of the last failure.
    failed: Mutex<BTreeMap<Cow<'static, str>, u64>>,
    on_operation: OnceLock<OnOperation>,
}

impl ExportCounts {
    pub(crate) fn begin(&self, spans: usize) {
        self.passed.fetch_add(spans as u64, Ordering::Relaxed);
        self.in_flight.fetch_add(spans as u64, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, spans: usize, operation: &Operation<'_>) {
        self.in_flight.fetch_sub(spans as u64, Ordering::Relaxed);
        if let Some(on_operation) = self.on_operation.get() {
            on_operation(operation);
        }
    }

    pub(crate) fn count_failed_attempt(&self) {
        self.failed_attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts spans whose export failed because of `class`.
    pub(crate) fn count_failed(&self, spans: u64, class: Cow<'static, str>) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = failed.contains_key(&class) || failed.len() < MAX_CLASSES;
        let class = if known { class } else { error_class::OTHER.into() };
        *failed.entry(class).or_default() += spans;
    }
}

#[cfg_attr(not(feature = "self-metrics"), allow(dead_code))]
impl ExportCounts {
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn failed_attempts(&self) -> u64 {
        self.failed_attempts.load(Ordering::Relaxed)
    }

    /// Returns the spans that were dropped, by class. `total` counts also those without a known class.
    pub(crate) fn failed(&self, total: u64) -> BTreeMap<Cow<'static, str>, u64> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known: u64 = failed.values().sum();
        if total > known {
            *failed.entry(error_class::OTHER.into()).or_default() += total - known;
        }
        failed
    }

    /// Sets what is called with each operation. Only the first call counts.
    pub(crate) fn on_operation(&self, on_operation: impl Fn(&Operation<'_>) + Send + Sync + 'static) {
        let _ = self.on_operation.set(Box::new(on_operation));
    }
}

impl fmt::Debug for ExportCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportCounts")
            .field("passed", &self.passed)
            .field("in_flight", &self.in_flight)
            .field("failed_attempts", &self.failed_attempts)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
