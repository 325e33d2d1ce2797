//! What is decided about a span after it has begun.

use opentelemetry::trace::{SpanContext, SpanKind};

use super::flags::span_flags;
use super::span_record::{SpanRecord, encode_kind};

impl SpanRecord {
    pub(crate) fn name_text(&self) -> &str {
        std::str::from_utf8(self.name.as_slice()).unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> SpanKind {
        decode_kind(self.kind)
    }

    pub(crate) fn set_kind(&mut self, kind: &SpanKind) {
        if !self.ended {
            self.kind = encode_kind(kind);
        }
    }

    /// Sets the parent and the flags.
    #[inline]
    pub(crate) fn set_parent(&mut self, parent: Option<&SpanContext>, trace_flags: u8) {
        self.parent_span_id = parent.map(SpanContext::span_id);
        self.flags = span_flags(trace_flags, parent);
    }

    /// Sets the status to an error without a description, unless there is a status.
    pub(crate) fn set_error_if_unset(&mut self) {
        if self.status.is_unset() {
            self.set_error("");
        }
    }
}

fn decode_kind(kind: u8) -> SpanKind {
    match kind {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}
