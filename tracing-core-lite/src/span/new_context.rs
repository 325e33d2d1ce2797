//! The span contexts of new spans.

use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};

use super::engine::Engine;
use crate::ids;
use crate::sampling::Record;

/// The W3C Trace Context Level 2 flag that says that at least the low 56 bits of the trace id are random.
const RANDOM: u8 = 0x02;

/// Returns the span context of a new child of `parent` with the same tracestate.
#[inline(always)]
pub(crate) fn unchanged_child(parent: &SpanContext, record: Record) -> SpanContext {
    child(parent, child_flags(parent, record == Record::RecordAndSample))
}

#[inline(always)]
pub(super) fn child(parent: &SpanContext, flags: TraceFlags) -> SpanContext {
    SpanContext::new(parent.trace_id(), ids::span_id(), flags, false, parent.trace_state().clone())
}

/// Returns the span context of a new root.
#[inline(always)]
pub(super) fn root(flags: TraceFlags) -> SpanContext {
    SpanContext::new(ids::trace_id(), ids::span_id(), flags, false, TraceState::NONE)
}

/// A child keeps its parent's random flag, as it keeps the trace id.
#[inline]
pub(super) fn child_flags(parent: &SpanContext, sampled: bool) -> TraceFlags {
    TraceFlags::new(parent.trace_flags().to_u8() & RANDOM).with_sampled(sampled)
}

/// The trace id of a root is random, but some peers reject the flag that says so.
#[inline]
pub(super) fn root_flags(engine: &Engine, sampled: bool) -> TraceFlags {
    TraceFlags::new(if engine.sets_random_flag() { RANDOM } else { 0 }).with_sampled(sampled)
}
