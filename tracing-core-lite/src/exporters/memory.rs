//! An exporter that keeps spans in memory, for tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::pipeline::{Batch, ExportError, Exported, Exporter};
use crate::span::data::FinishedSpan;

/// An exporter that keeps finished spans in memory.
///
/// Clones share the spans: give one clone to the provider, and read from another.
///
/// ```
/// use tracing_core_lite::exporters::MemoryExporter;
///
/// let exporter = MemoryExporter::new();
/// let given_to_the_provider = exporter.clone();
/// assert!(exporter.finished().is_empty());
/// # drop(given_to_the_provider);
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryExporter {
    spans: Arc<Mutex<VecDeque<FinishedSpan>>>,
    capacity: Option<usize>,
}

impl MemoryExporter {
    /// Creates an exporter that keeps every span.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an exporter that keeps the last `capacity` spans.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity: Some(capacity), ..Self::default() }
    }

    /// Returns a copy of the spans, in the order of their export.
    #[must_use]
    pub fn finished(&self) -> Vec<FinishedSpan> {
        self.lock().iter().cloned().collect()
    }

    /// Removes the spans and returns them, in the order of their export.
    #[must_use]
    pub fn take(&self) -> Vec<FinishedSpan> {
        std::mem::take(&mut *self.lock()).into()
    }

    /// Removes the spans.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<FinishedSpan>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exporter for MemoryExporter {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        let decoded = batch.decode().map_err(|error| ExportError::Permanent { reason: error.to_string() })?;
        let mut spans = self.lock();
        spans.extend(FinishedSpan::flatten(decoded));
        if let Some(capacity) = self.capacity {
            let surplus = spans.len().saturating_sub(capacity);
            spans.drain(..surplus);
        }
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// A request with one span of one letter's name: resource_spans { scope_spans { spans { name } } }.
    fn batch(name: u8) -> Batch {
        Batch::new(Bytes::from(vec![0x0a, 7, 0x12, 5, 0x12, 3, 0x2a, 1, name]), 1)
    }

    fn names(spans: &[FinishedSpan]) -> String {
        spans.iter().map(|it| it.span.name.as_str()).collect()
    }

    #[test]
    fn clones_share_the_spans() {
        let kept = MemoryExporter::new();
        let mut given = kept.clone();
        for name in *b"abc" {
            given.export(&batch(name), Instant::now()).unwrap();
        }
        assert_eq!(names(&kept.finished()), "abc");
        assert_eq!(names(&kept.take()), "abc");
        assert!(given.finished().is_empty());
    }

    #[test]
    fn a_bounded_one_keeps_the_latest() {
        let mut exporter = MemoryExporter::with_capacity(2);
        for name in *b"abc" {
            exporter.export(&batch(name), Instant::now()).unwrap();
        }
        assert_eq!(names(&exporter.finished()), "bc");
        exporter.clear();
        assert!(exporter.finished().is_empty());
    }

    #[test]
    fn foreign_bytes_are_a_permanent_error() {
        let broken = Batch::new(Bytes::from_static(&[0x0a, 9]), 1);
        let result = MemoryExporter::new().export(&broken, Instant::now());
        assert!(matches!(result, Err(ExportError::Permanent { .. })), "{result:?}");
    }
}
