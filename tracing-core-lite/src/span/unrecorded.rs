//! The short way to the context of a span that is not recorded.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::builder::unchanged_child;
use super::source::{Resolved, SpanSource};
use crate::context::is_suppressed;
use crate::sampling::Record;

/// Returns `base` with an unrecorded child of `parent`, if the sampler records no child of this parent.
#[inline]
pub(crate) fn child(source: &SpanSource, parent: &SpanContext, base: &Context) -> Option<Context> {
    source.resolve(|resolved| {
        let Resolved::Engine(engine, _) = resolved else { return None };
        // An engine that is off passes contexts on as they are, which the builder does.
        let is_off = engine.is_off() || is_suppressed(base);
        if is_off || !parent.is_valid() || engine.sampler().sample_children_of(parent) != Some(Record::Drop) {
            return None;
        }
        Some(base.with_remote_span_context(unchanged_child(parent, Record::Drop)))
    })
}
