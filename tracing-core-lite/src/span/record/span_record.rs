//! The state of a recording span.

use std::thread;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};

use super::bounded_text::{TEXT_LIMIT, bounded};
use super::counts::Counts;
use super::flags::span_flags;
use super::status::SpanStatus;
use crate::clock::Timestamp;
use crate::span::key_filter::KeyFilter;
use crate::span::limits::SpanLimits;
use crate::span::name::SpanName;
use crate::wire::ByteBuf;

/// A buffer with more capacity than this, in bytes, is freed after the span.
const KEEP_CAPACITY: usize = 16 * 1024;

/// The state of a recording span. Records are pooled, so a new span finds its buffers allocated.
#[derive(Debug, Default)]
pub(crate) struct SpanRecord {
    pub(super) ended: bool,
    /// Whether the span started while its thread was unwinding.
    started_in_panic: bool,
    pub(super) kind: u8,
    pub(super) flags: u32,
    pub(super) parent_span_id: Option<SpanId>,
    pub(super) start: Timestamp,
    /// UTF-8.
    pub(super) name: ByteBuf,
    /// Attributes, events and links, as the encoded fields of `Span`.
    pub(super) fields: ByteBuf,
    pub(super) keys: KeyFilter,
    pub(super) kept: Counts,
    pub(super) dropped: Counts,
    pub(super) status: SpanStatus,
}

impl SpanRecord {
    /// Begins a new span in these buffers.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        name: SpanName<'_>,
        kind: &SpanKind,
        parent: Option<&SpanContext>,
        trace_flags: u8,
        start: Timestamp,
    ) {
        self.ended = false;
        self.started_in_panic = false;
        self.kind = encode_kind(kind);
        self.parent_span_id = parent.map(SpanContext::span_id);
        self.flags = span_flags(trace_flags, parent);
        self.start = start;
        self.put_name(name);
        self.fields.clear();
        self.keys = KeyFilter::default();
        self.kept = Counts::default();
        self.dropped = Counts::default();
        self.status.reset();
        if thread::panicking() {
            self.started_in_panic = true;
        }
    }

    /// Marks the span as ended. Returns false if it had ended before.
    #[inline]
    pub(crate) fn end(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }

    /// Whether the span's thread has begun to unwind since the span started.
    #[inline]
    pub(crate) fn has_panicked(&self) -> bool {
        thread::panicking() && !self.started_in_panic
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn start_time(&self) -> Timestamp {
        self.start
    }

    pub(crate) fn set_name(&mut self, name: SpanName<'_>) {
        if !self.ended {
            self.put_name(name);
        }
    }

    pub(crate) fn name(&self) -> &[u8] {
        self.name.as_slice()
    }

    #[inline]
    fn put_name(&mut self, name: SpanName<'_>) {
        self.name.clear();
        name.add_to(&mut self.name);
        if self.name.len() > TEXT_LIMIT {
            let len =
                std::str::from_utf8(self.name.as_slice()).map_or(TEXT_LIMIT, |name| bounded(name).len());
            self.name.truncate(len);
        }
    }

    /// Frees the memory of an unusually large span.
    pub(crate) fn shrink(&mut self) {
        if self.fields.capacity() > KEEP_CAPACITY {
            self.fields = ByteBuf::default();
        }
        if self.name.capacity() > KEEP_CAPACITY {
            self.name = ByteBuf::default();
        }
        self.status.shrink(KEEP_CAPACITY);
    }

    /// Sets the status, as far as [`SpanStatus`] allows it.
    pub(crate) fn set_status(&mut self, status: &Status) {
        if !self.ended {
            self.status.set(status);
        }
    }

    pub(crate) fn set_error(&mut self, description: &str) {
        if !self.ended {
            self.status.set_error(description);
        }
    }

    /// Whether the status is an error.
    #[inline]
    pub(crate) fn has_failed(&self) -> bool {
        self.status.is_error()
    }

    pub(super) fn is_full(&self, limits: &SpanLimits) -> bool {
        self.fields.len() >= limits.span_bytes
    }
}

pub(super) fn encode_kind(kind: &SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}
