//! No spans from the threads that export spans.

use std::cell::Cell;
use std::marker::PhantomData;

use opentelemetry::{Context, ContextGuard};

thread_local! {
    /// How many guards of [`suppress_tracing`] this thread holds.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
}

/// Stops tracing on this thread until the guard is dropped. For exporters with threads of their own.
///
/// An exporter uses clients that may be instrumented. If their spans were recorded, each export would cause the next.
///
/// The export thread and the threads of the exporters of this crate are suppressed already. An exporter that starts a
/// thread, or a runtime, calls this function on each of its threads and keeps the guard as long as the thread runs. Unlike
/// OpenTelemetry's suppression, which is stored in the current [`Context`], this one also applies to spans with an explicit
/// parent or none, for example those of `h2`.
///
/// ```
/// use tracing_core_lite::context::suppress_tracing;
///
/// std::thread::spawn(|| {
///     let _suppressed = suppress_tracing();
///     // Send spans.
/// });
/// ```
#[must_use = "tracing is suppressed until the guard is dropped"]
pub fn suppress_tracing() -> SuppressTracing {
    GUARDS.set(GUARDS.get() + 1);
    SuppressTracing { _context: Context::enter_telemetry_suppressed_scope(), not_send: PhantomData }
}

/// Stops tracing on its thread until it is dropped; see [`suppress_tracing`].
#[derive(Debug)]
pub struct SuppressTracing {
    _context: ContextGuard,
    not_send: PhantomData<*const ()>,
}

impl Drop for SuppressTracing {
    fn drop(&mut self) {
        // During the end of a thread, its storage may be gone.
        let _ = GUARDS.try_with(|guards| guards.set(guards.get().saturating_sub(1)));
    }
}

/// Returns whether no span may be recorded in `context` on this thread.
#[inline]
pub(crate) fn is_suppressed(context: &Context) -> bool {
    context.is_telemetry_suppressed() || GUARDS.get() > 0
}
