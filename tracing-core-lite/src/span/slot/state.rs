//! The memory of one span.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::SpanContext;

use super::write_lock::{WriteGuard, WriteLock};
use crate::clock::Timestamp;
use crate::cost::{Part, Section};
use crate::overhead::{BASE_THRESHOLD, trace_state_of_failed};
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

    /// Runs `write` on the record, unless the span has ended.
    #[inline]
    pub(super) fn write<R>(&self, write: impl FnOnce(&mut SpanRecord, &Engine) -> R) -> Option<R> {
        if Section::is_due() {
            let (mut write, mut written) = (Some(write), None);
            self.write_timed(&mut |record, engine| written = write.take().map(|write| write(record, engine)));
            return written;
        }
        self.write_untimed(write)
    }

    /// Not generic, so that few writes have a copy of the code to themselves.
    #[cold]
    #[inline(never)]
    fn write_timed(&self, write: &mut dyn FnMut(&mut SpanRecord, &Engine)) {
        let section = Section::begin_timed();
        if self.write_untimed(write).is_some() {
            section.end(self.engine().account(), Part::Write);
        }
    }

    #[inline]
    fn write_untimed<R>(&self, write: impl FnOnce(&mut SpanRecord, &Engine) -> R) -> Option<R> {
        let mut record = self.lock()?;
        if record.has_ended() { None } else { Some(write(&mut record, self.engine())) }
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
        if Section::is_due() {
            let (mut end, mut write) = (Some(end), Some(write));
            return self.finish_timed(
                record,
                &mut |start| end.take().map_or(0, |end| end(start)),
                &mut |record, engine| {
                    if let Some(write) = write.take() {
                        write(record, engine);
                    }
                },
            );
        }
        self.finish_untimed(record, end, write);
    }

    /// Not generic, so that few spans have a copy of the code to themselves.
    #[cold]
    #[inline(never)]
    fn finish_timed(
        &self,
        record: &mut SpanRecord,
        end: &mut dyn FnMut(Timestamp) -> u64,
        write: &mut dyn FnMut(&mut SpanRecord, &Engine),
    ) {
        let section = Section::begin_timed();
        self.finish_untimed(record, end, write);
        section.end(self.engine.account(), Part::End);
    }

    #[inline]
    fn finish_untimed(
        &self,
        record: &mut SpanRecord,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        write(record, &self.engine);
        record.end();
        if self.engine.is_budgeted() {
            return self.finish_budgeted(record, end);
        }
        let is_exported = self.is_exported();
        if is_exported {
            let end = end(record.start_time());
            let header = header(&self.span_context);
            let identity = self.identity(header.as_ref());
            // Not shared with `export`, because only a closure of its own is inlined.
            self.engine.buffer().push(self.scope, |chunk, field| record.finish(chunk, field, &identity, end));
            self.engine.flush_if_durable(record);
        }
        self.engine.count_ended(self.span_context.is_sampled(), is_exported);
        record.shrink();
    }

    /// Adds a span to the buffer while a budget is enforced, which may have sampled fewer traces. Requests that have failed
    /// are exported nevertheless, with the `th` that they have without the budget.
    #[cold]
    #[inline(never)]
    fn finish_budgeted(&self, record: &mut SpanRecord, end: impl FnOnce(Timestamp) -> u64) {
        let threshold = if record.has_failed() { record.text_of(BASE_THRESHOLD) } else { None };
        let trace_state =
            threshold.map(|threshold| trace_state_of_failed(self.span_context.trace_state(), threshold));
        let is_exported = self.is_exported() || trace_state.is_some();
        if is_exported {
            let end = end(record.start_time());
            let header = match trace_state {
                None => header(&self.span_context),
                Some(trace_state) => Some(trace_state.header()),
            };
            self.export(record, end, header.as_ref());
        }
        self.engine.count_ended(self.span_context.is_sampled(), is_exported);
        record.shrink();
    }

    /// Whether the span is exported. One that is recorded but not sampled is exported only if a stage decides so.
    #[inline]
    fn is_exported(&self) -> bool {
        self.span_context.is_sampled() || self.engine.exports_unsampled()
    }

    /// Adds the span to the buffer.
    #[cold]
    #[inline(never)]
    fn export(&self, record: &mut SpanRecord, end: u64, trace_state: Option<&String>) {
        let identity = self.identity(trace_state);
        self.engine.buffer().push(self.scope, |chunk, field| record.finish(chunk, field, &identity, end));
        self.engine.flush_if_durable(record);
    }

    #[inline]
    fn identity<'a>(&'a self, trace_state: Option<&'a String>) -> Identity<'a> {
        Identity {
            span_context: &self.span_context,
            trace_state: trace_state.map(String::as_str).unwrap_or_default(),
        }
    }
}
