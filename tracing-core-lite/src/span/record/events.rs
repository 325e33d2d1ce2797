//! Adding events.

use super::span_record::SpanRecord;
use crate::clock::Timestamp;
use crate::span::attribute_list::AttributeList;
use crate::span::encode;
use crate::span::field::{EVENT, EVENT_ATTRIBUTES, EVENT_DROPPED_ATTRIBUTES, EVENT_NAME, EVENT_TIME};
use crate::span::limits::SpanLimits;
use crate::span::value::Value;
use crate::wire;

impl SpanRecord {
    /// Adds an event.
    ///
    /// The inlined part writes short events whose only attribute is a double, such as a duration: name and key
    /// are constants there.
    #[inline(always)]
    pub(crate) fn add_event(
        &mut self,
        name: &str,
        time: Timestamp,
        attributes: &[(&str, Value<'_>)],
        limits: &SpanLimits,
    ) {
        if let [(key, Value::Double(double))] = *attributes
            && !key.is_empty()
            && self.takes_event(encode::short_event_len(name) + encode::double_len(key), limits)
        {
            let (buf, tag) = (&mut self.fields, wire::length_tag(EVENT));
            encode::put_short_event(buf, tag, name, time.relative_to(self.start), encode::double_len(key));
            encode::put_double(buf, wire::length_tag(EVENT_ATTRIBUTES), key, double);
        } else {
            self.add_any_event(name, time, attributes, limits);
        }
    }

    /// Accounts for a short event with an attribute. Returns false if it is not short, or if a limit is
    /// reached.
    #[inline(always)]
    fn takes_event(&mut self, len: usize, limits: &SpanLimits) -> bool {
        let takes = len <= encode::SHORT
            && self.fields.len() + len <= limits.span_bytes
            && self.kept.events < limits.events
            && limits.attributes_per_event > 0
            && !self.ended;
        self.kept.events += u32::from(takes);
        takes
    }

    #[inline(never)]
    fn add_any_event(
        &mut self,
        name: &str,
        time: Timestamp,
        attributes: &[(&str, Value<'_>)],
        limits: &SpanLimits,
    ) {
        if self.ended {
            return;
        }
        if self.kept.events >= limits.events || self.is_full(limits) {
            self.dropped.events += 1;
            return;
        }
        let list = AttributeList::new(attributes, limits.attributes_per_event, limits.value_length);
        let content = wire::FIXED64_LEN
            + wire::field_len(name.len())
            + list.len(EVENT_ATTRIBUTES)
            + wire::nonzero_field_len(list.dropped);
        if self.fields.len() + content > limits.span_bytes {
            self.dropped.events += 1;
            return;
        }
        let buf = &mut self.fields;
        wire::put_length(buf, wire::length_tag(EVENT), content);
        wire::put_fixed64(buf, EVENT_TIME, time.relative_to(self.start));
        wire::put_bytes(buf, wire::length_tag(EVENT_NAME), name.as_bytes());
        list.put(buf, EVENT_ATTRIBUTES);
        wire::put_nonzero_field(buf, EVENT_DROPPED_ATTRIBUTES, list.dropped);
        self.kept.events += 1;
    }
}
