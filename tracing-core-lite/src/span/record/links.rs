//! Adding links.

use opentelemetry::trace::SpanContext;

use super::flags::span_flags;
use super::message::header;
use super::span_record::SpanRecord;
use crate::span::attribute_list::AttributeList;
use crate::span::field::{
    LINK, LINK_ATTRIBUTES, LINK_DROPPED_ATTRIBUTES, LINK_FLAGS, LINK_SPAN_ID, LINK_TRACE_ID,
    LINK_TRACE_STATE, SPAN_ID_LEN, TRACE_ID_LEN,
};
use crate::span::limits::SpanLimits;
use crate::span::value::Value;
use crate::wire;

impl SpanRecord {
    /// Adds a link.
    pub(crate) fn add_link(
        &mut self,
        linked: &SpanContext,
        attributes: &[(&str, Value<'_>)],
        limits: &SpanLimits,
    ) {
        // A link to an invalid context is recorded only if it has attributes or a tracestate (specification,
        // "Link").
        let has_content =
            linked.is_valid() || !attributes.is_empty() || linked.trace_state().into_iter().len() > 0;
        if self.ended || !has_content {
            return;
        }
        if self.kept.links >= limits.links || self.is_full(limits) {
            self.dropped.links += 1;
            return;
        }
        let list = AttributeList::new(attributes, limits.attributes_per_link, limits.value_length);
        let trace_state = header(linked).unwrap_or_default();
        let state_len = if trace_state.is_empty() { 0 } else { wire::field_len(trace_state.len()) };
        let content = TRACE_ID_LEN
            + SPAN_ID_LEN
            + state_len
            + list.len(LINK_ATTRIBUTES)
            + wire::nonzero_field_len(list.dropped)
            + wire::FIXED32_LEN;
        if self.fields.len() + content > limits.span_bytes {
            self.dropped.links += 1;
            return;
        }
        let buf = &mut self.fields;
        wire::put_length(buf, wire::length_tag(LINK), content);
        wire::put_bytes(buf, wire::length_tag(LINK_TRACE_ID), &linked.trace_id().to_bytes());
        wire::put_bytes(buf, wire::length_tag(LINK_SPAN_ID), &linked.span_id().to_bytes());
        if !trace_state.is_empty() {
            wire::put_bytes(buf, wire::length_tag(LINK_TRACE_STATE), trace_state.as_bytes());
        }
        list.put(buf, LINK_ATTRIBUTES);
        wire::put_nonzero_field(buf, LINK_DROPPED_ATTRIBUTES, list.dropped);
        wire::put_fixed32(buf, LINK_FLAGS, span_flags(linked.trace_flags().to_u8(), Some(linked)));
        self.kept.links += 1;
    }
}
