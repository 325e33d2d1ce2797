//! Where a recording span lives: shared by the [`Span`](super::Span) and the `Context` that carries it, and pooled.
//!
//! A pooled slot saves a span five allocations (the slot, its name, its attributes, the engine's reference count and
//! the lock's state), and keeps memory that one thread took from being freed on another. It holds the span's ids too, so that
//! what is moved around as a span is small.
//!
//! The `Arc` is that of triomphe. It has no weak references, so that to see that nobody else has the slot, twice a span, is a plain
//! load: with std's in its place, a span of eight attributes takes 94 ns, not 87.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use opentelemetry::trace::SpanContext;
use triomphe::{Arc as SharedArc, UniqueArc};

use super::engine::Engine;
use super::record::{Identity, Record, header};
use crate::clock::Timestamp;

/// Slots that a thread keeps for later, at most. A slot takes 2 to 48 KiB.
const POOL_LIMIT: usize = 64;

thread_local! {
    static POOL: RefCell<Vec<UniqueArc<Slot>>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
pub(crate) struct Slot {
    span: Identified,
    /// Said beside the record too, so that asking takes no lock.
    ended: AtomicBool,
    record: Mutex<Record>,
    /// The thread that holds the lock of `record`.
    writer: AtomicUsize,
}

/// What stays as it is while a span is recorded.
#[derive(Debug)]
struct Identified {
    engine: Arc<Engine>,
    scope: u32,
    span_context: SpanContext,
}

impl Identified {
    /// Runs `write` a last time on the span's record, and hands it to the exporter.
    #[inline]
    fn finish(
        &self,
        record: &mut Record,
        end: impl FnOnce() -> Timestamp,
        write: impl FnOnce(&mut Record, &Engine),
    ) {
        write(record, &self.engine);
        record.end();
        // A span that is recorded, but not sampled, is not exported.
        if self.span_context.is_sampled() {
            let end = end();
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
        // A panic in a caller's closure leaves the record as it was between two fields: still a valid span.
        let record = match self.record.try_lock() {
            Ok(record) => record,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => self.wait_for_lock()?,
        };
        self.writer.store(this_thread(), Ordering::Relaxed);
        Some(Locked { record, writer: &self.writer })
    }

    #[cold]
    fn wait_for_lock(&self) -> Option<MutexGuard<'_, Record>> {
        if self.writer.load(Ordering::Relaxed) == this_thread() {
            warn_of_inner_write();
            return None;
        }
        Some(self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The record of a slot that this thread writes to.
struct Locked<'a> {
    record: MutexGuard<'a, Record>,
    writer: &'a AtomicUsize,
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        // The lock is released after this.
        self.writer.store(NO_THREAD, Ordering::Relaxed);
    }
}

/// The value of [`Slot::writer`] while nobody writes.
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

/// One owner's hold on a slot; the last one to let go returns it to the pool.
#[derive(Debug, Default)]
pub(crate) struct SlotHandle(Option<SharedArc<Slot>>);

impl SlotHandle {
    /// A slot for a new span. `begin` fills it in.
    #[inline]
    pub(crate) fn acquire(
        engine: &Arc<Engine>,
        scope: u32,
        span_context: impl FnOnce() -> SpanContext,
        begin: impl FnOnce(&mut Record),
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
        let mut record = Record::default();
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
    pub(crate) fn with<R>(&self, write: impl FnOnce(&mut Record, &Engine) -> R) -> Option<R> {
        let slot = self.slot()?;
        let mut locked = slot.lock()?;
        let record = &mut *locked.record;
        if record.has_ended() { None } else { Some(write(record, &slot.span.engine)) }
    }

    /// Runs `write` a last time and hands the span to the exporter. Only the first call does anything.
    #[inline]
    pub(crate) fn end(&self, end: impl FnOnce() -> Timestamp, write: impl FnOnce(&mut Record, &Engine)) {
        let Some(slot) = self.slot() else { return };
        // Most spans are ended with their last attributes and then dropped: that takes no lock any more, which saves 15 ns.
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

    /// As [`end`](SlotHandle::end), by an owner that may well be the only one: that takes no lock, and so one atomic operation less.
    #[inline]
    pub(crate) fn end_as_owner(
        &mut self,
        end: impl FnOnce() -> Timestamp,
        write: impl FnOnce(&mut Record, &Engine),
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
            // A thread that is going away has no pool any more; the slot is then simply freed.
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
