//! Writes a finished span as the OTLP message `Span`.

use opentelemetry::trace::{SpanContext, SpanId, TraceState};

use super::span_record::SpanRecord;
use crate::span::encode;
use crate::span::field::{self, FLAGS_LEN, FLAGS_TAG, KIND_LEN, SPAN_ID_LEN, TRACE_ID_LEN};
use crate::wire::{self, ByteBuf, FieldWriter};

/// The size of the head of a field with a length of two bytes.
const LONG_HEAD: usize = 3;

const IDS_LEN: usize = TRACE_ID_LEN + SPAN_ID_LEN;

const KIND_AND_TIMES_LEN: usize = KIND_LEN + wire::FIXED64_LEN + wire::FIXED64_LEN;

/// The size of the fields that have the same size in each span.
const FIXED_LEN: usize = IDS_LEN + KIND_AND_TIMES_LEN + FLAGS_LEN;

/// The identity of a span, which [`SpanRecord::finish`] writes.
pub(crate) struct Identity<'a> {
    pub(crate) span_context: &'a SpanContext,
    pub(crate) trace_state: &'a str,
}

impl SpanRecord {
    /// Appends the span to `out` as the field `out_field`.
    #[inline]
    pub(crate) fn finish(&self, out: &mut ByteBuf, out_field: u8, id: &Identity<'_>, end: u64) {
        let end = end.max(self.start.unix_nanos());
        match (self.usual_len(id), self.parent_span_id) {
            (Some(len), Some(parent)) => {
                let content = [len as u8 | 0x80, (len >> 7) as u8];
                let out = FieldWriter::new(out.take(LONG_HEAD + len));
                self.put_usual(out, [wire::length_tag(out_field), content[0], content[1]], id, parent, end);
            }
            _ => self.put(out, out_field, id, end),
        }
    }

    /// Returns the length of the content of a usual span: one that has a parent, no tracestate, no status, a short name,
    /// nothing dropped, and a content whose length takes two bytes.
    #[inline]
    fn usual_len(&self, id: &Identity<'_>) -> Option<usize> {
        let len = FIXED_LEN + SPAN_ID_LEN + encode::HEAD + self.name.len() + self.fields.len();
        let is_usual = self.parent_span_id.is_some()
            && id.trace_state.is_empty()
            && self.dropped.is_zero()
            && self.status.is_unset()
            && self.name.len() < 0x80
            && (0x80..0x4000).contains(&len);
        is_usual.then_some(len)
    }

    /// Writes the head and the content of a [usual](SpanRecord::usual_len) span. Each group of fields of a fixed size is
    /// taken at once, which costs one check of the capacity.
    #[inline]
    fn put_usual(
        &self,
        mut out: FieldWriter<'_>,
        head: [u8; LONG_HEAD],
        id: &Identity<'_>,
        parent: SpanId,
        end: u64,
    ) {
        let mut front = out.take(LONG_HEAD + IDS_LEN + SPAN_ID_LEN + encode::HEAD);
        front.put(head);
        put_ids(&mut front, id.span_context);
        front.put_bytes_field(field::PARENT_SPAN_ID, parent.to_bytes());
        front.put([wire::length_tag(field::NAME), self.name.len() as u8]);
        encode::copy_short(out.take(self.name.len()).into_slice(), self.name.as_slice());
        self.put_kind_and_times(out.take(KIND_AND_TIMES_LEN), end);
        out.put_slice(self.fields.as_slice());
        out.put(self.encoded_flags());
    }

    fn put(&self, out: &mut ByteBuf, out_field: u8, id: &Identity<'_>, end: u64) {
        wire::put_length(out, wire::length_tag(out_field), self.encoded_len(id));
        put_ids(&mut FieldWriter::new(out.take(IDS_LEN)), id.span_context);
        if !id.trace_state.is_empty() {
            wire::put_bytes(out, wire::length_tag(field::TRACE_STATE), id.trace_state.as_bytes());
        }
        if let Some(parent) = self.parent_span_id {
            wire::put_bytes(out, wire::length_tag(field::PARENT_SPAN_ID), &parent.to_bytes());
        }
        wire::put_bytes(out, wire::length_tag(field::NAME), self.name.as_slice());
        self.put_kind_and_times(FieldWriter::new(out.take(KIND_AND_TIMES_LEN)), end);
        out.extend_from_slice(self.fields.as_slice());
        if !self.dropped.is_zero() {
            wire::put_nonzero_field(out, field::DROPPED_ATTRIBUTES, self.dropped.attributes);
            wire::put_nonzero_field(out, field::DROPPED_EVENTS, self.dropped.events);
            wire::put_nonzero_field(out, field::DROPPED_LINKS, self.dropped.links);
        }
        if !self.status.is_unset() {
            self.status.put(out);
        }
        out.extend_from_slice(&self.encoded_flags());
    }

    #[inline]
    fn put_kind_and_times(&self, mut out: FieldWriter<'_>, end: u64) {
        out.put([wire::varint_tag(field::KIND), self.kind]);
        out.put_fixed64_field(field::START, self.start.unix_nanos());
        out.put_fixed64_field(field::END, end);
    }

    #[inline]
    fn encoded_flags(&self) -> [u8; FLAGS_LEN] {
        let ([tag, tag2], [a, b, c, d]) = (FLAGS_TAG, self.flags.to_le_bytes());
        [tag, tag2, a, b, c, d]
    }

    fn encoded_len(&self, id: &Identity<'_>) -> usize {
        let trace_state = if id.trace_state.is_empty() { 0 } else { wire::field_len(id.trace_state.len()) };
        let parent = if self.parent_span_id.is_some() { SPAN_ID_LEN } else { 0 };
        let dropped = wire::nonzero_field_len(self.dropped.attributes)
            + wire::nonzero_field_len(self.dropped.events)
            + wire::nonzero_field_len(self.dropped.links);
        FIXED_LEN
            + trace_state
            + parent
            + wire::field_len(self.name.len())
            + self.fields.len()
            + dropped
            + self.status.encoded_len()
    }
}

#[inline]
fn put_ids(out: &mut FieldWriter<'_>, span_context: &SpanContext) {
    out.put_bytes_field(field::TRACE_ID, span_context.trace_id().to_bytes());
    out.put_bytes_field(field::SPAN_ID, span_context.span_id().to_bytes());
}

/// Returns the `tracestate` header, if there is one.
#[inline]
pub(crate) fn header(span_context: &SpanContext) -> Option<String> {
    let trace_state = span_context.trace_state();
    if *trace_state == TraceState::NONE { None } else { Some(trace_state.header()) }
}
