//! Suppression of spans on threads that export spans.

use std::cell::Cell;
use std::marker::PhantomData;

use opentelemetry::{Context, ContextGuard};

thread_local! {
    /// The number of [`suppress_tracing`] guards on this thread.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
}

/// Suppresses tracing on this thread until the guard is dropped, for exporters with their own threads.
///
/// An exporter uses clients that may be instrumented. If their spans were recorded, each export would cause another.
///
/// The export thread and the threads of this crate's exporters are already suppressed. An exporter that starts a thread
/// or a runtime calls this function on each of its threads and keeps the guard as long as the thread runs.
/// OpenTelemetry's suppression is stored in the current [`Context`]. This one also applies to spans with an explicit
/// parent or none, such as those of `h2`.
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

/// Suppresses tracing on its thread until it is dropped. See [`suppress_tracing`].
#[derive(Debug)]
pub struct SuppressTracing {
    _context: ContextGuard,
    not_send: PhantomData<*const ()>,
}

impl Drop for SuppressTracing {
    fn drop(&mut self) {
        // While a thread ends, its storage may already be destroyed.
        let _ = GUARDS.try_with(|guards| guards.set(guards.get().saturating_sub(1)));
    }
}

/// Returns whether spans in `context` on this thread are suppressed.
#[inline]
pub(crate) fn is_suppressed(context: &Context) -> bool {
    // Without a branch between the two, as both are rare.
    u32::from(context.is_telemetry_suppressed()) | GUARDS.get() != 0
}
