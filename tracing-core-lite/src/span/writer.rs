//! A second handle of a span that is recorded.

use super::active::ActiveSpan;
use super::recorder::Recorder;
use super::slot::SlotHandle;

/// Writes to a span that is recorded. Dropping it does not end the span.
#[derive(Debug)]
pub(crate) struct SpanWriter(ActiveSpan);

impl Clone for SpanWriter {
    fn clone(&self) -> Self {
        Self(self.0.share())
    }
}

impl SpanWriter {
    pub(super) fn new(slot: SlotHandle) -> Self {
        Self(ActiveSpan::new(slot))
    }

    /// Runs `write` on the span, unless it has ended.
    #[inline]
    pub(crate) fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.0.record(write);
    }
}
