//! A handle of a slot.

use std::sync::Arc;

use opentelemetry::trace::SpanContext;
use triomphe::Arc as SharedArc;

use super::pool;
use super::state::Slot;
use crate::clock::Timestamp;
use crate::span::engine::Engine;
use crate::span::record::SpanRecord;

/// A handle of a slot. The last one to be dropped returns the slot to the pool.
///
/// The `Arc` is that of triomphe: without weak references, it takes only a plain load to see that it is the only handle.
#[derive(Debug, Default)]
pub(crate) struct SlotHandle(Option<SharedArc<Slot>>);

impl SlotHandle {
    /// Takes a slot for a new span, which `begin` fills in.
    #[inline]
    pub(crate) fn acquire(
        engine: &Arc<Engine>,
        scope: u32,
        span_context: impl FnOnce() -> SpanContext,
        begin: impl FnOnce(&mut SpanRecord),
    ) -> Self {
        if let Some(mut slot) = pool::take() {
            slot.reset(engine, scope, span_context());
            begin(slot.record_mut());
            return Self(Some(slot.shareable()));
        }
        let mut slot = Slot::new(engine, scope, span_context());
        begin(slot.record_mut());
        Self(Some(SharedArc::new(slot)))
    }

    fn slot(&self) -> Option<&Slot> {
        self.0.as_deref()
    }

    /// Returns the parts of a span that no other handle shares, without taking a lock.
    #[cfg(feature = "tracing-layer")]
    #[inline]
    pub(crate) fn unshared(&mut self) -> Option<(&mut SpanRecord, &mut SpanContext, &Arc<Engine>)> {
        Some(SharedArc::get_mut(self.0.as_mut()?)?.parts_mut())
    }

    pub(crate) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    #[inline]
    pub(crate) fn span_context(&self) -> &SpanContext {
        self.slot().map_or(&SpanContext::NONE, Slot::span_context)
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.slot().is_some_and(|slot| !slot.has_ended())
    }

    /// Returns when the span started, also once it has ended.
    pub(crate) fn started(&self) -> Option<Timestamp> {
        Some(self.slot()?.lock()?.start_time())
    }

    /// Returns the engine that records the span.
    pub(crate) fn engine(&self) -> Option<Arc<Engine>> {
        self.slot().map(Slot::shared_engine)
    }

    /// Runs `write` on the record, unless the span has ended.
    #[inline]
    pub(crate) fn with<R>(&self, write: impl FnOnce(&mut SpanRecord, &Engine) -> R) -> Option<R> {
        self.slot()?.write(write)
    }

    /// Runs `write` a last time and ends the span. Only the first call has an effect.
    #[inline]
    pub(crate) fn end(
        &self,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        // Most spans are ended with their last attributes and then dropped. The drop takes no lock.
        if let Some(slot) = self.slot().filter(|slot| !slot.has_ended()) {
            slot.end(end, write);
        }
    }

    /// Like [`end`](SlotHandle::end), and takes no lock if this is the only handle.
    #[inline]
    pub(crate) fn end_as_owner(
        &mut self,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        let Some(shared) = &mut self.0 else { return };
        if shared.has_ended() {
            return;
        }
        match SharedArc::get_mut(shared) {
            Some(slot) => slot.end_mut(end, write),
            None => shared.end(end, write),
        }
    }
}

impl Drop for SlotHandle {
    #[inline]
    fn drop(&mut self) {
        if let Some(slot) = self.0.take().and_then(|slot| SharedArc::try_unique(slot).ok()) {
            pool::put(slot);
        }
    }
}
