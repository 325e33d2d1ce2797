//! The flags of a span and of a link: the trace flags, and whether a context is remote (`SpanFlags` of OTLP).

use opentelemetry::trace::SpanContext;

/// The next bit is valid.
const HAS_IS_REMOTE: u32 = 0x100;
/// The parent or the linked span is remote.
const IS_REMOTE: u32 = 0x200;

/// Returns the flags of a span with `trace_flags` whose parent is `other`, or of a link to `other`.
#[inline]
pub(super) fn span_flags(trace_flags: u8, other: Option<&SpanContext>) -> u32 {
    let is_remote = if other.is_some_and(SpanContext::is_remote) { IS_REMOTE } else { 0 };
    u32::from(trace_flags) | HAS_IS_REMOTE | is_remote
}
