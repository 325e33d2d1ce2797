//! The memory of one span.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::SpanContext;

use super::write_lock::{WriteGuard, WriteLock};
use crate::clock::Timestamp;
use crate::cost::{Part, Section};
use crate::overhead::trace_state_of_failed;
use crate::span::engine::Engine;
use crate::span::record::{Identity, SpanRecord, header};

#[derive(Debug)]
pub(super) struct Slot {
    identity: SlotIdentity,
    /// A copy of the record's flag that is read without the lock.
    ended: AtomicBool,
    record: WriteLock<SpanRecord>,
}

/// The parts of a span that do not change while it is recorded.
#[derive(Debug)]
struct SlotIdentity {
    engine: Arc<Engine>,
    scope: u32,
    span_context: SpanContext,
}

impl Slot {
    pub(super) fn new(engine: &Arc<Engine>, scope: u32, span_context: SpanContext) -> Self {
        Self {
            identity: SlotIdentity { engine: Arc::clone(engine), scope, span_context },
            ended: AtomicBool::new(false),
            record: WriteLock::new(SpanRecord::default()),
        }
    }

    /// Prepares a pooled slot for a new span.
    #[inline]
    pub(super) fn reset(&mut self, engine: &Arc<Engine>, scope: u32, span_context: SpanContext) {
        if !Arc::ptr_eq(&self.identity.engine, engine) {
            self.identity.engine = Arc::clone(engine);
        }
        self.identity.scope = scope;
        self.identity.span_context = span_context;
        *self.ended.get_mut() = false;
    }

    #[inline]
    pub(super) fn engine(&self) -> &Engine {
        &self.identity.engine
    }

    pub(super) fn shared_engine(&self) -> Arc<Engine> {
        Arc::clone(&self.identity.engine)
    }

    #[inline]
    pub(super) fn span_context(&self) -> &SpanContext {
        &self.identity.span_context
    }

    #[inline]
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Locks the record. Returns `None` if this thread is writing to it further up the stack.
    #[inline]
    pub(super) fn lock(&self) -> Option<WriteGuard<'_, SpanRecord>> {
        self.record.lock()
    }

    #[inline]
    pub(super) fn record_mut(&mut self) -> &mut SpanRecord {
        self.record.get_mut()
    }

    /// Returns what a span has that is not shared yet.
    #[cfg(feature = "tracing-layer")]
    #[inline]
    pub(super) fn parts_mut(&mut self) -> (&mut SpanRecord, &mut SpanContext, &Arc<Engine>) {
        (self.record.get_mut(), &mut self.identity.span_context, &self.identity.engine)
    }

    /// Runs `write` a last time and ends the span. Only the first call has an effect.
    #[inline]
    pub(super) fn end(
        &self,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        let Some(mut record) = self.lock() else { return };
        if !record.has_ended() {
            self.identity.finish(&mut record, end, write);
            self.ended.store(true, Ordering::Relaxed);
        }
    }

    /// Like [`end`](Slot::end), without the lock.
    #[inline]
    pub(super) fn end_mut(
        &mut self,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        if !*self.ended.get_mut() {
            self.identity.finish(self.record.get_mut(), end, write);
            *self.ended.get_mut() = true;
        }
    }
}

impl SlotIdentity {
    /// Runs `write` a last time on the record, and adds the span to the buffer.
    #[inline]
    fn finish(
        &self,
        record: &mut SpanRecord,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        let section = Section::begin();
        write(record, &self.engine);
        record.end();
        let failed = self.engine.threshold_of_failed(record);
        // A span that is recorded but not sampled is exported only if a stage decides so, or if it is a request that has
        // failed and that is not sampled because of a budget.
        let is_exported =
            self.span_context.is_sampled() || self.engine.exports_unsampled() || failed.is_some();
        if is_exported {
            let end = end(record.start_time());
            let header = match failed {
                None => header(&self.span_context),
                Some(threshold) => {
                    Some(trace_state_of_failed(self.span_context.trace_state(), threshold).header())
                }
            };
            let trace_state = header.as_deref().unwrap_or_default();
            let identity = Identity { span_context: &self.span_context, trace_state };
            self.engine.buffer().push(self.scope, |chunk, field| record.finish(chunk, field, &identity, end));
            self.engine.flush_if_durable(record);
        }
        self.engine.count_ended(self.span_context.is_sampled(), is_exported);
        record.shrink();
        section.end(self.engine.account(), Part::End);
    }
}
