//! The tracer of the global OpenTelemetry provider.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};

use opentelemetry::global::{BoxedSpan, BoxedTracer};
use opentelemetry::trace::{Span as _, SpanBuilder, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, InstrumentationScope, global};

/// How many spans below unsampled parents use a tracer before it is looked up again.
const USES: u32 = 64;

/// The tracer of the global OpenTelemetry provider for one instrumentation scope.
///
/// The API does not tell when the global provider is replaced, so the tracer is looked up for each span. Spans below unsampled
/// parents share one for a while: they are not exported, and looking it up costs as much as the span.
#[derive(Debug)]
pub(crate) struct ForeignTracer {
    scope: InstrumentationScope,
    kept: RwLock<Option<BoxedTracer>>,
    uses: AtomicU32,
}

impl ForeignTracer {
    pub(super) fn new(scope: InstrumentationScope) -> Self {
        Self { scope, kept: RwLock::new(None), uses: AtomicU32::new(0) }
    }

    pub(super) fn scope(&self) -> &InstrumentationScope {
        &self.scope
    }

    fn look_up(&self) -> BoxedTracer {
        global::tracer_provider().tracer_with_scope(self.scope.clone())
    }

    /// Starts a span.
    pub(super) fn start(&self, builder: SpanBuilder, parent: &Context) -> BoxedSpan {
        self.look_up().build_with_context(builder, parent)
    }

    /// Starts a span whose parent is unsampled. Returns `None` if the provider of the kept tracer has been shut down.
    pub(super) fn start_unsampled(&self, builder: SpanBuilder, parent: &Context) -> Option<BoxedSpan> {
        if !self.uses.fetch_add(1, Ordering::Relaxed).is_multiple_of(USES)
            && let Ok(kept) = self.kept.try_read()
            && let Some(tracer) = &*kept
        {
            let span = tracer.build_with_context(builder, parent);
            if !span.span_context().is_valid() {
                self.uses.store(0, Ordering::Relaxed);
                return None;
            }
            return Some(span);
        }
        let tracer = self.look_up();
        let span = tracer.build_with_context(builder, parent);
        // The former one is dropped while nothing is locked, because that may shut its provider down.
        let _former = self.kept.try_write().ok().and_then(|mut kept| kept.replace(tracer));
        Some(span)
    }
}
