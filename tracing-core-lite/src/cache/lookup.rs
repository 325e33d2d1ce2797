//! Lookups that load missing values.

use std::any::type_name;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task;

use opentelemetry::Context;
use pin_project_lite::pin_project;

use super::CacheSpan;
use super::attribute::HIT;
use crate::error_class::CANCELLED;
use crate::span::Recorder;
use crate::unwind::{PanicProbe, on_unwind};

/// How a lookup or a load ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Succeeded,
    /// With an error of this type. Its text is not recorded, because it may contain the key.
    Failed(&'static str),
    Cancelled,
    Panicked,
}

impl Ending {
    pub(super) fn of_result<T, E>(result: &Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Succeeded,
            Err(_) => Self::Failed(type_name::<E>()),
        }
    }

    /// Returns the end of an operation that is dropped early.
    pub(super) fn of_drop(probe: PanicProbe) -> Self {
        if probe.has_panicked() { Self::Panicked } else { Self::Cancelled }
    }

    pub(super) fn record(self, span: &mut Recorder<'_>) {
        match self {
            Self::Succeeded => {}
            Self::Failed(class) => {
                span.failed(class, "");
            }
            Self::Cancelled => {
                span.add_event(CANCELLED, &[]).failed(CANCELLED, "");
            }
            Self::Panicked => {
                span.record_panic();
            }
        }
    }
}

/// The span of a lookup.
#[derive(Debug)]
struct Open {
    span: CacheSpan,
    was_loaded: Option<Arc<AtomicBool>>,
    probe: PanicProbe,
}

impl Open {
    fn end(&mut self, ending: Ending) {
        let was_loaded = self.was_loaded.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
        self.span.end(|span| {
            span.set(HIT, !was_loaded);
            ending.record(span);
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.end(Ending::of_drop(self.probe));
    }
}

pin_project! {
    /// A lookup that is a span. See [`TracedCache::get_or_load`](super::TracedCache::get_or_load).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct LookupFuture<F> {
        // First, so that the span of a load is dropped, and thus ends, before the span of the lookup.
        #[pin]
        future: F,
        context: Context,
        open: Open,
    }
}

impl<F> LookupFuture<F> {
    pub(super) fn new(
        future: F,
        context: Context,
        span: CacheSpan,
        was_loaded: Option<Arc<AtomicBool>>,
    ) -> Self {
        Self { future, context, open: Open { span, was_loaded, probe: PanicProbe::start() } }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for LookupFuture<F> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        let this = self.project();
        let attached = this.context.clone().attach();
        let polled = on_unwind(|| this.future.poll(cx), || this.open.end(Ending::Panicked));
        drop(attached);
        if let task::Poll::Ready(result) = &polled {
            this.open.end(Ending::of_result(result));
        }
        polled
    }
}
