//! The hook that sees each exemplar.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanContext;

use crate::diagnostics::{self, Topic};

/// One measurement of a histogram, and the span behind it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Exemplar<'a> {
    /// The name of the instrument, such as `http.server.request.duration`.
    pub instrument: &'static str,
    /// The unit, such as `s` for seconds (UCUM).
    pub unit: &'static str,
    /// The measured value.
    pub value: f64,
    /// The attributes with which the value is counted.
    pub attributes: &'a [KeyValue],
    /// The context of the span of the measured call. It is invalid if the call has no recorded span.
    pub span_context: &'a SpanContext,
}

type Hook = Arc<dyn Fn(&Exemplar<'_>) + Send + Sync>;

/// Whether there is a hook, so that measurements without one take no lock.
static IS_SET: AtomicBool = AtomicBool::new(false);
static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

/// Calls `hook` with each measurement of a histogram that a layer or wrapper records in this process. It replaces the previous hook.
///
/// The hook runs on the thread that ends the call, after the measurement has been recorded, so keep it short. A panic in the hook
/// is caught and reported once. Only layers whose metrics are enabled measure anything: `with_metrics()` is enough, even without a
/// meter provider.
pub fn set_exemplar_hook(hook: impl Fn(&Exemplar<'_>) + Send + Sync + 'static) {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
    IS_SET.store(true, Ordering::Release);
}

/// Removes the hook, if there is one. Calls of the hook that have begun on other threads may still be running.
pub fn remove_exemplar_hook() {
    IS_SET.store(false, Ordering::Release);
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Passes `measurement` to the hook, if there is one.
#[inline]
pub(super) fn measured(exemplar: &Exemplar<'_>) {
    if IS_SET.load(Ordering::Acquire) {
        call(exemplar);
    }
}

#[cold]
fn call(exemplar: &Exemplar<'_>) {
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(hook) = hook else { return };
    if catch_unwind(AssertUnwindSafe(|| hook(exemplar))).is_err() {
        report_panic(exemplar.instrument);
    }
}

fn report_panic(instrument: &str) {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    if !REPORTED.swap(true, Ordering::Relaxed) {
        diagnostics::warn(
            Topic::Configuration,
            &format!("the exemplar hook panicked at {instrument}; the measurement itself was recorded"),
        );
    }
}
