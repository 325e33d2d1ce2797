//! The pooled memory of a recording span, shared by the [`Span`](super::Span) and the `Context` that carries
//! it.
//!
//! The pool saves allocations, and prevents memory of one thread from being freed on another. The slot also holds the
//! ids of the span, so that a `Span` is small to move.
//!
//! The `Arc` is that of triomphe: without weak references, it takes only a plain load to see that it is the
//! only handle.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use opentelemetry::trace::SpanContext;
use triomphe::{Arc as SharedArc, UniqueArc};

use super::engine::Engine;
use super::record::{Identity, SpanRecord, header};
use crate::clock::Timestamp;

/// The maximum number of slots that a thread keeps.
const POOL_LIMIT: usize = 64;

thread_local! {
    static POOL: RefCell<Vec<UniqueArc<Slot>>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
pub(crate) struct Slot {
    span: Identified,
    /// A copy of the record's flag that is read without the lock.
    ended: AtomicBool,
    record: Mutex<SpanRecord>,
    /// The thread that holds the lock of `record`.
    writer: AtomicUsize,
}

/// The parts of a span that do not change while it is recorded.
#[derive(Debug)]
struct Identified {
    engine: Arc<Engine>,
    scope: u32,
    span_context: SpanContext,
}

impl Identified {
    /// Runs `write` a last time on the record, and adds the span to the buffer.
    #[inline]
    fn finish(
        &self,
        record: &mut SpanRecord,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        write(record, &self.engine);
        record.end();
        // A span that is recorded but not sampled is exported only if a stage decides so.
        if self.span_context.is_sampled() || self.engine.exports_unsampled() {
            let end = end(record.start_time());
            let header = header(&self.span_context);
            let trace_state = header.as_deref().unwrap_or_default();
            let identity = Identity { span_context: &self.span_context, trace_state };
            self.engine.buffer().push(self.scope, |chunk, field| record.finish(chunk, field, &identity, end));
        }
        record.shrink();
    }
}

impl Slot {
    /// Locks the record. Returns `None` if this thread is writing to it further up the stack.
    #[inline]
    fn lock(&self) -> Option<Locked<'_>> {
        // If a caller's closure panics, the record ends between two fields, which is a valid span.
        let record = match self.record.try_lock() {
            Ok(record) => record,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => self.wait_for_lock()?,
        };
        self.writer.store(this_thread(), Ordering::Relaxed);
        Some(Locked { record, writer: &self.writer })
    }

    #[cold]
    fn wait_for_lock(&self) -> Option<MutexGuard<'_, SpanRecord>> {
        if self.writer.load(Ordering::Relaxed) == this_thread() {
            warn_of_inner_write();
            return None;
        }
        Some(self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The record of a slot that this thread writes to.
struct Locked<'a> {
    record: MutexGuard<'a, SpanRecord>,
    writer: &'a AtomicUsize,
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        // The lock is released after this.
        self.writer.store(NO_THREAD, Ordering::Relaxed);
    }
}

/// The value of [`Slot::writer`] while no thread writes.
const NO_THREAD: usize = 0;

/// Returns a number that no other living thread has, and that is not [`NO_THREAD`].
#[inline]
fn this_thread() -> usize {
    thread_local! {
        static MARK: u8 = const { 0 };
    }
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

#[cold]
fn warn_of_inner_write() {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a write to a span was dropped: it was made from within a closure that was already writing to the same span; \
             use the recorder that the closure is given"
        );
    }
}

/// A handle of a slot. The last one to be dropped returns the slot to the pool.
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
        let pooled = POOL.try_with(|pool| pool.try_borrow_mut().ok().and_then(|mut pool| pool.pop()));
        if let Some(mut slot) = pooled.ok().flatten() {
            if !Arc::ptr_eq(&slot.span.engine, engine) {
                slot.span.engine = Arc::clone(engine);
            }
            slot.span.scope = scope;
            slot.span.span_context = span_context();
            *slot.ended.get_mut() = false;
            begin(slot.record.get_mut().unwrap_or_else(PoisonError::into_inner));
            return Self(Some(slot.shareable()));
        }
        let span = Identified { engine: Arc::clone(engine), scope, span_context: span_context() };
        let mut record = SpanRecord::default();
        begin(&mut record);
        let (ended, record) = (AtomicBool::new(false), Mutex::new(record));
        let writer = AtomicUsize::new(NO_THREAD);
        Self(Some(SharedArc::new(Slot { span, ended, record, writer })))
    }

    fn slot(&self) -> Option<&Slot> {
        self.0.as_deref()
    }

    pub(crate) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    #[inline]
    pub(crate) fn span_context(&self) -> &SpanContext {
        self.slot().map_or(&SpanContext::NONE, |slot| &slot.span.span_context)
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.slot().is_some_and(|slot| !slot.ended.load(Ordering::Relaxed))
    }

    /// Returns when the span started, also once it has ended.
    pub(crate) fn started(&self) -> Option<Timestamp> {
        Some(self.slot()?.lock()?.record.start_time())
    }

    /// Runs `write` on the record, unless the span has ended.
    #[inline]
    pub(crate) fn with<R>(&self, write: impl FnOnce(&mut SpanRecord, &Engine) -> R) -> Option<R> {
        let slot = self.slot()?;
        let mut locked = slot.lock()?;
        let record = &mut *locked.record;
        if record.has_ended() { None } else { Some(write(record, &slot.span.engine)) }
    }

    /// Runs `write` a last time and ends the span. Only the first call has an effect.
    #[inline]
    pub(crate) fn end(
        &self,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        let Some(slot) = self.slot() else { return };
        // Most spans are ended with their last attributes and then dropped. The drop takes no lock.
        if slot.ended.load(Ordering::Relaxed) {
            return;
        }
        let Some(mut locked) = slot.lock() else { return };
        let record = &mut *locked.record;
        if record.has_ended() {
            return;
        }
        slot.span.finish(record, end, write);
        slot.ended.store(true, Ordering::Relaxed);
    }

    /// Like [`end`](SlotHandle::end), and takes no lock if this is the only handle.
    #[inline]
    pub(crate) fn end_as_owner(
        &mut self,
        end: impl FnOnce(Timestamp) -> u64,
        write: impl FnOnce(&mut SpanRecord, &Engine),
    ) {
        let Some(shared) = &mut self.0 else { return };
        if shared.ended.load(Ordering::Relaxed) {
            return;
        }
        let Some(slot) = SharedArc::get_mut(shared) else { return self.end(end, write) };
        let record = slot.record.get_mut().unwrap_or_else(PoisonError::into_inner);
        slot.span.finish(record, end, write);
        *slot.ended.get_mut() = true;
    }
}

impl Drop for SlotHandle {
    #[inline]
    fn drop(&mut self) {
        let Some(slot) = self.0.take() else { return };
        if let Ok(slot) = SharedArc::try_unique(slot) {
            // A thread that is going away has no pool any more, so the slot is freed.
            let _ = POOL.try_with(|pool| {
                if let Ok(mut pool) = pool.try_borrow_mut()
                    && pool.len() < POOL_LIMIT
                {
                    pool.push(slot);
                }
            });
        }
    }
}
