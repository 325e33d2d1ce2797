//! A context that is kept for later work, such as that of a transaction.

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt};

use super::start_probe::start_of;
use crate::clock::Timestamp;
use crate::context::is_suppressed;

/// The context of an operation that lasts for several calls, such as a transaction, a cached connection or a consumer.
///
/// Each call asks for the [`innermost`](StoredContext::innermost) of this context and the current one, so that the spans
/// of a call nest in whatever span the caller has opened since.
///
/// ```
/// use tracing_core_lite::Context;
/// use tracing_core_lite::context::StoredContext;
/// use tracing_core_lite::testing::TestSpans;
///
/// let spans = TestSpans::new();
/// let tracer = spans.tracer();
/// let current = Context::current();
/// let transaction = tracer.span("transaction").start();
/// let stored = StoredContext::new(transaction.in_context(&current), &current);
///
/// let step = tracer.span("step").with_parent(&stored.innermost()).start();
/// {
///     let _guard = step.in_context(&Context::current()).attach();
///     tracer.span("SELECT").with_parent(&stored.innermost()).start().end();
/// }
/// step.end();
/// tracer.span("COMMIT").with_parent(&stored.innermost()).start().end();
/// transaction.end();
/// spans.assert_tree("
///     transaction
///       step
///         SELECT
///       COMMIT
/// ");
/// ```
#[derive(Debug, Clone)]
pub struct StoredContext {
    context: Context,
    span_id: SpanId,
    /// When the stored span started, if one of our providers records it.
    started: Option<Timestamp>,
    /// The span that was current when the context was stored.
    origin: SpanId,
}

impl StoredContext {
    /// Stores `context`, which was made while `origin` was the current context.
    #[must_use]
    pub fn new(context: Context, origin: &Context) -> Self {
        let (span_id, origin) = (span_id_of(&context), span_id_of(origin));
        let started = start_of(&context);
        Self { context, span_id, started, origin }
    }

    /// Returns the stored context.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the context in which a call made now belongs: the current one or the stored one.
    ///
    /// - The current context, if its span is one of ours and started after the stored span.
    /// - The current context, if it is unknown when one of the two started, as with spans of another OpenTelemetry SDK,
    ///   and the current span is another than the one that was current when this context was stored.
    /// - The current context, if it suppresses telemetry.
    /// - The stored context otherwise, and if there is no current span.
    #[must_use]
    pub fn innermost(&self) -> Context {
        Context::map_current(
            |current| if self.is_within(current) { current.clone() } else { self.context.clone() },
        )
    }

    /// Whether `current` was opened within the stored context.
    fn is_within(&self, current: &Context) -> bool {
        if is_suppressed(current) {
            return true;
        }
        let span_id = span_id_of(current);
        if span_id == SpanId::INVALID || span_id == self.origin || span_id == self.span_id {
            return false;
        }
        match (start_of(current), self.started) {
            (Some(current), Some(stored)) => current.relative_to(stored) >= stored.unix_nanos(),
            _ => true,
        }
    }
}

fn span_id_of(context: &Context) -> SpanId {
    context.span().span_context().span_id()
}
