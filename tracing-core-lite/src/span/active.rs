//! A span of ours as a `Context` holds it.

use opentelemetry::trace::SpanContext;

use super::recorder::Recorder;
use super::slot::SlotHandle;
use crate::clock::Timestamp;

/// The span in a `Context`. It can add to the span and end it, but its drop does not end it: other clones of
/// the context may live on in tasks that the operation has started.
#[derive(Debug)]
pub(super) struct ActiveSpan(SlotHandle);

impl ActiveSpan {
    pub(super) fn new(slot: SlotHandle) -> Self {
        Self(slot)
    }

    #[cfg(feature = "tracing-layer")]
    pub(super) fn share(&self) -> Self {
        Self(self.0.share())
    }

    pub(super) fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.0.with(|record, engine| write(&mut Recorder::own(record, engine.limits())));
    }

    pub(super) fn end_by_reference(&self, time: Option<Timestamp>, _write: impl FnOnce(&mut Recorder<'_>)) {
        self.0.end(
            |start| time.map_or_else(|| Timestamp::now_relative_to(start), |time| time.relative_to(start)),
            |_, _| {},
        );
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
