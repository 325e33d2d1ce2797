//! The short way to the context of a span that nobody records.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::builder::unchanged_child;
use super::engine::Engine;
use crate::context::is_suppressed;
use crate::provider::tracer::{Resolved, Tracer};
use crate::sampling::Record;

impl Tracer {
    /// `base` with a child of `parent` as the current span, if it is known beforehand that no child of this parent is
    /// recorded: [`Sampler::sample_children_of`](crate::sampling::Sampler::sample_children_of). `None` otherwise; then start
    /// a span.
    ///
    /// The child has an id of its own, so what is called further on has the same parent as if a span had been started.
    /// An unsampled request takes 70 ns less on this way, as it needs neither a route nor a name nor a builder.
    ///
    /// ```
    /// use opentelemetry::trace::TraceContextExt;
    /// use tracing_core_lite::propagation::parse_traceparent;
    /// use tracing_core_lite::{Context, TracerProvider};
    ///
    /// # let provider = TracerProvider::builder().build()?;
    /// let tracer = provider.tracer("shop");
    /// let caller = |header| parse_traceparent(header).expect("it is valid").with_trace_state(Default::default());
    ///
    /// let unsampled = caller(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    /// let context = tracer.unrecorded_child(&unsampled, &Context::new()).expect("the sampler is parent-based");
    /// assert_eq!(context.span().span_context().trace_id(), unsampled.trace_id());
    /// assert_ne!(context.span().span_context().span_id(), unsampled.span_id());
    ///
    /// let sampled = caller(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    /// assert!(tracer.unrecorded_child(&sampled, &Context::new()).is_none());
    /// # Ok::<(), tracing_core_lite::BuildError>(())
    /// ```
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn unrecorded_child(&self, parent: &SpanContext, base: &Context) -> Option<Context> {
        self.resolve(|resolved| match resolved {
            Resolved::Engine(engine, _) => child(engine, parent, base),
            Resolved::Global(_) => None,
        })
    }
}

fn child(engine: &Engine, parent: &SpanContext, base: &Context) -> Option<Context> {
    // An engine that is off passes contexts on as they are: that is for the builder.
    let is_off = engine.is_off() || is_suppressed(base);
    if is_off || !parent.is_valid() || engine.sampler().sample_children_of(parent) != Some(Record::Drop) {
        return None;
    }
    Some(base.with_remote_span_context(unchanged_child(parent, Record::Drop)))
}
