//! A span of ours as a `Context` holds it.

use opentelemetry::trace::SpanContext;

use super::recorder::Recorder;
use super::slot::SlotHandle;
use crate::clock::Timestamp;

/// A span as a `Context` holds it. It may add to the span and end it, but its drop does not: other clones of the context
/// may live on in tasks that the operation left behind.
#[derive(Debug)]
pub(super) struct ActiveSpan(SlotHandle);

impl ActiveSpan {
    pub(super) fn new(slot: SlotHandle) -> Self {
        Self(slot)
    }

    pub(super) fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.0.with(|record, engine| write(&mut Recorder::own(record, engine.limits())));
    }

    pub(super) fn end_by_reference(&self, time: Option<Timestamp>, _write: impl FnOnce(&mut Recorder<'_>)) {
        self.0.end(|| time.unwrap_or_else(Timestamp::now), |_, _| {});
    }

    pub(super) fn is_recording(&self) -> bool {
        self.0.is_recording()
    }

    pub(super) fn started(&self) -> Option<Timestamp> {
        self.0.started()
    }

    pub(super) fn span_context(&self) -> &SpanContext {
        self.0.span_context()
    }
}
