//! A span while it is recorded: its encoded bytes and counters.

use std::thread;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceState};

use super::attribute_list::AttributeList;
use super::encode;
use super::field::{self, ATTRIBUTE};
use super::key_filter::{KeyFilter, KeyPlace};
use super::limits::SpanLimits;
use super::name::SpanName;
use super::prepared::PreparedAttributes;
use super::value::Value;
use crate::clock::Timestamp;
use crate::wire::{self, ByteBuf};

/// `SpanFlags`: the next bit is valid.
const HAS_IS_REMOTE: u32 = 0x100;
/// `SpanFlags`: the parent or the linked span is remote.
const IS_REMOTE: u32 = 0x200;

/// A buffer with more capacity than this, in bytes, is freed after the span.
const KEEP_CAPACITY: usize = 16 * 1024;

/// Trace id, span id, kind, two times and the flags have a fixed size.
const FIXED: usize = 18 + 10 + 2 + 9 + 9 + 6;

/// `FIXED`, the id of a parent, and the head of a short name.
const USUAL: usize = FIXED + 10 + 2;

/// A name or a description is cut after this many characters.
const TEXT_LIMIT: usize = 64 * 1024;

/// The state of a recording span. Records are pooled, so a new span finds its buffers allocated.
#[derive(Debug, Default)]
pub(crate) struct SpanRecord {
    ended: bool,
    /// Whether the span started while its thread was unwinding.
    started_in_panic: bool,
    kind: u8,
    flags: u32,
    parent_span_id: Option<SpanId>,
    start: Timestamp,
    /// UTF-8.
    name: ByteBuf,
    /// Attributes, events and links, as the encoded fields of `Span`.
    fields: ByteBuf,
    keys: KeyFilter,
    attributes: u32,
    events: u32,
    links: u32,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
    status: StatusCode,
    description: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum StatusCode {
    #[default]
    Unset = 0,
    Ok = 1,
    Error = 2,
}

/// The identity of a span, which [`SpanRecord::finish`] writes.
pub(crate) struct Identity<'a> {
    pub(crate) span_context: &'a SpanContext,
    pub(crate) trace_state: &'a str,
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
        self.flags = u32::from(trace_flags) | HAS_IS_REMOTE | remote_flag(parent);
        self.start = start;
        self.put_name(name);
        self.fields.clear();
        self.keys = KeyFilter::default();
        self.attributes = 0;
        self.events = 0;
        self.links = 0;
        self.dropped_attributes = 0;
        self.dropped_events = 0;
        self.dropped_links = 0;
        self.status = StatusCode::Unset;
        self.description.clear();
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

    /// Sets an attribute; a second value for a key replaces the first.
    ///
    /// The inlined part writes short texts and small integers under new keys. With a constant key, its place in
    /// the filter and its bytes are constants of the code.
    #[inline(always)]
    pub(crate) fn set(&mut self, key: &str, value: Value<'_>, limits: &SpanLimits) {
        let place = KeyFilter::place_of(key);
        match value {
            Value::Str(text)
                if text.len() <= limits.value_length.unwrap_or(usize::MAX)
                    && self.takes(key, place, encode::short_str_len(key, text.as_bytes()), limits) =>
            {
                encode::put_short_str(&mut self.fields, ATTRIBUTE, key, text.as_bytes());
            }
            Value::Int(int @ 0..encode::SMALL_INTS)
                if self.takes(key, place, encode::small_int_len(key, int), limits) =>
            {
                encode::put_small_int(&mut self.fields, ATTRIBUTE, key, int);
            }
            value => self.set_any(key, place, value, limits),
        }
    }

    /// Like [`set`](SpanRecord::set), for a text that may not be UTF-8. Most are short and ASCII, which is
    /// checked first.
    #[inline(always)]
    pub(crate) fn set_utf8(&mut self, key: &str, text: &[u8], limits: &SpanLimits) {
        let place = KeyFilter::place_of(key);
        if text.is_ascii()
            && text.len() <= limits.value_length.unwrap_or(usize::MAX)
            && self.takes(key, place, encode::short_str_len(key, text), limits)
        {
            encode::put_short_str(&mut self.fields, ATTRIBUTE, key, text);
        } else if let Ok(text) = std::str::from_utf8(text) {
            self.set_any(key, place, Value::Str(text), limits);
        }
    }

    /// Accounts for a short attribute under a new key. Returns false if it is none, or if a limit is reached.
    #[inline(always)]
    fn takes(&mut self, key: &str, place: KeyPlace, len: usize, limits: &SpanLimits) -> bool {
        let takes = len <= encode::SHORT
            && self.fields.len() + len <= limits.span_bytes
            && self.attributes < limits.attributes
            && !key.is_empty()
            && !self.ended
            && self.keys.insert(place);
        self.attributes += u32::from(takes);
        takes
    }

    /// Sets all of `prepared`: with one copy if there is room for all and none of the keys has been set, one by
    /// one otherwise.
    #[inline]
    pub(crate) fn set_prepared(&mut self, prepared: &PreparedAttributes, limits: &SpanLimits) {
        let attributes = self.attributes.saturating_add(prepared.count());
        let fits = attributes <= limits.attributes
            && self.fields.len() + prepared.fields.len() <= limits.span_bytes
            && prepared.longest <= limits.value_length.unwrap_or(usize::MAX)
            && !self.ended;
        if fits && self.takes_keys(&prepared.keys) {
            self.fields.extend_from_slice(prepared.fields.as_slice());
            self.attributes = attributes;
        } else {
            self.set_each(prepared, limits);
        }
    }

    /// Adds `keys` to the filter if all of them are certainly new. Prepared attributes are usually the first of
    /// a span.
    #[inline]
    fn takes_keys(&mut self, keys: &KeyFilter) -> bool {
        if self.attributes == 0 && self.dropped_attributes == 0 {
            self.keys = *keys;
            return true;
        }
        self.keys.insert_all(keys)
    }

    #[cold]
    fn set_each(&mut self, prepared: &PreparedAttributes, limits: &SpanLimits) {
        prepared.each(|key, value| self.set_any(key, KeyFilter::place_of(key), value, limits));
    }

    #[inline(never)]
    fn set_any(&mut self, key: &str, place: KeyPlace, value: Value<'_>, limits: &SpanLimits) {
        if self.ended || key.is_empty() {
            return;
        }
        if self.keys.insert(place) {
            self.push_attribute(key, value, limits);
        } else {
            self.replace(key, value, limits);
        }
    }

    #[inline]
    fn push_attribute(&mut self, key: &str, value: Value<'_>, limits: &SpanLimits) {
        if self.attributes >= limits.attributes || self.is_full(limits) {
            self.dropped_attributes += 1;
            return;
        }
        let before = self.fields.len();
        encode::put_key_value(&mut self.fields, ATTRIBUTE, key, &value, limits.value_length);
        if self.fields.len() > limits.span_bytes {
            self.fields.truncate(before);
            self.dropped_attributes += 1;
        } else {
            self.attributes += 1;
        }
    }

    #[cold]
    fn replace(&mut self, key: &str, value: Value<'_>, limits: &SpanLimits) {
        if let Some(old) = encode::find_key(self.fields.as_slice(), ATTRIBUTE, key) {
            self.fields.remove(old);
            self.attributes -= 1;
        }
        self.push_attribute(key, value, limits);
    }

    fn is_full(&self, limits: &SpanLimits) -> bool {
        self.fields.len() >= limits.span_bytes
    }

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
            let (buf, tag) = (&mut self.fields, wire::length_tag(field::EVENT));
            encode::put_short_event(buf, tag, name, time.relative_to(self.start), encode::double_len(key));
            encode::put_double(buf, wire::length_tag(3), key, double);
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
            && self.events < limits.events
            && limits.attributes_per_event > 0
            && !self.ended;
        self.events += u32::from(takes);
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
        if self.events >= limits.events || self.is_full(limits) {
            self.dropped_events += 1;
            return;
        }
        let list = AttributeList::new(attributes, limits.attributes_per_event, limits.value_length);
        let content = 9 + wire::field_len(name.len()) + list.len(3) + varint_field_len(list.dropped);
        if self.fields.len() + content > limits.span_bytes {
            self.dropped_events += 1;
            return;
        }
        let buf = &mut self.fields;
        wire::put_length(buf, wire::length_tag(field::EVENT), content);
        wire::put_fixed64(buf, 1, time.relative_to(self.start));
        wire::put_bytes(buf, wire::length_tag(2), name.as_bytes());
        list.put(buf, 3);
        put_nonzero(buf, 4, list.dropped);
        self.events += 1;
    }

    pub(crate) fn add_link(
        &mut self,
        linked: &SpanContext,
        attributes: &[(&str, Value<'_>)],
        limits: &SpanLimits,
    ) {
        // A link to an invalid context is recorded only if it has attributes or a tracestate (specification,
        // "Link").
        let says_something =
            linked.is_valid() || !attributes.is_empty() || linked.trace_state().into_iter().len() > 0;
        if self.ended || !says_something {
            return;
        }
        if self.links >= limits.links || self.is_full(limits) {
            self.dropped_links += 1;
            return;
        }
        let list = AttributeList::new(attributes, limits.attributes_per_link, limits.value_length);
        let trace_state = header(linked).unwrap_or_default();
        let state_len = if trace_state.is_empty() { 0 } else { wire::field_len(trace_state.len()) };
        let content = 18 + 10 + state_len + list.len(4) + varint_field_len(list.dropped) + 5;
        if self.fields.len() + content > limits.span_bytes {
            self.dropped_links += 1;
            return;
        }
        let buf = &mut self.fields;
        wire::put_length(buf, wire::length_tag(field::LINK), content);
        wire::put_bytes(buf, wire::length_tag(1), &linked.trace_id().to_bytes());
        wire::put_bytes(buf, wire::length_tag(2), &linked.span_id().to_bytes());
        if !trace_state.is_empty() {
            wire::put_bytes(buf, wire::length_tag(3), trace_state.as_bytes());
        }
        list.put(buf, 4);
        put_nonzero(buf, 5, list.dropped);
        let flags = u32::from(linked.trace_flags().to_u8()) | HAS_IS_REMOTE | remote_flag(Some(linked));
        wire::put_fixed32(buf, 6, flags);
        self.links += 1;
    }

    /// Ok is final, and Unset does not replace an error (specification, "Set Status").
    pub(crate) fn set_status(&mut self, status: &Status) {
        if self.ended || self.status == StatusCode::Ok {
            return;
        }
        match status {
            Status::Unset => {}
            Status::Ok => {
                self.status = StatusCode::Ok;
                self.description.clear();
            }
            Status::Error { description } => self.set_error(description),
        }
    }

    pub(crate) fn set_error(&mut self, description: &str) {
        if self.ended || self.status == StatusCode::Ok {
            return;
        }
        self.status = StatusCode::Error;
        self.description.clear();
        self.description.push_str(bounded(description));
    }

    /// Appends the span to `out` as the field `out_field`.
    #[inline]
    pub(crate) fn finish(&self, out: &mut ByteBuf, out_field: u8, id: &Identity<'_>, end: u64) {
        let end = end.max(self.start.unix_nanos());
        match self.usual_len(id) {
            Some(len) => self.put_usual(out.take(len), out_field, id, end),
            None => self.put(out, out_field, id, end),
        }
    }

    /// Returns the length of the whole field for a usual span: one that has a parent, no tracestate, no status,
    /// a short name, nothing dropped, and a content whose length takes two bytes.
    #[inline]
    fn usual_len(&self, id: &Identity<'_>) -> Option<usize> {
        let content = USUAL + self.name.len() + self.fields.len();
        let dropped = self.dropped_attributes | self.dropped_events | self.dropped_links;
        let is_usual = self.parent_span_id.is_some()
            && id.trace_state.is_empty()
            && dropped == 0
            && self.status == StatusCode::Unset
            && self.name.len() < 0x80
            && (0x80..0x4000).contains(&content);
        is_usual.then_some(content + 3)
    }

    /// Writes the whole field of a [usual](SpanRecord::usual_len) span into `out`, which has its length.
    #[inline]
    fn put_usual(&self, out: &mut [u8], out_field: u8, id: &Identity<'_>, end: u64) {
        let content = out.len() - 3;
        let (head, rest) = out.split_at_mut(43);
        let parent = self.parent_span_id.unwrap_or(SpanId::INVALID);
        head[..3].copy_from_slice(&[wire::length_tag(out_field), content as u8 | 0x80, (content >> 7) as u8]);
        put_ids(&mut head[3..31], id.span_context);
        head[31..33].copy_from_slice(&[wire::length_tag(field::PARENT_SPAN_ID), 8]);
        head[33..41].copy_from_slice(&parent.to_bytes());
        head[41..].copy_from_slice(&[wire::length_tag(field::NAME), self.name.len() as u8]);
        let (name, rest) = rest.split_at_mut(self.name.len());
        encode::copy_short(name, self.name.as_slice());
        let (times, rest) = rest.split_at_mut(20);
        self.put_kind_and_times(times, end);
        let (fields, flags) = rest.split_at_mut(self.fields.len());
        fields.copy_from_slice(self.fields.as_slice());
        flags[..2].copy_from_slice(&encode::FLAGS_TAG);
        flags[2..].copy_from_slice(&self.flags.to_le_bytes());
    }

    fn put(&self, out: &mut ByteBuf, out_field: u8, id: &Identity<'_>, end: u64) {
        wire::put_length(out, wire::length_tag(out_field), self.encoded_len(id));
        put_ids(out.take(28), id.span_context);
        if !id.trace_state.is_empty() {
            wire::put_bytes(out, wire::length_tag(field::TRACE_STATE), id.trace_state.as_bytes());
        }
        if let Some(parent) = self.parent_span_id {
            wire::put_bytes(out, wire::length_tag(field::PARENT_SPAN_ID), &parent.to_bytes());
        }
        wire::put_bytes(out, wire::length_tag(field::NAME), self.name.as_slice());
        self.put_kind_and_times(out.take(20), end);
        out.extend_from_slice(self.fields.as_slice());
        if self.dropped_attributes | self.dropped_events | self.dropped_links != 0 {
            put_nonzero(out, field::DROPPED_ATTRIBUTES, self.dropped_attributes);
            put_nonzero(out, field::DROPPED_EVENTS, self.dropped_events);
            put_nonzero(out, field::DROPPED_LINKS, self.dropped_links);
        }
        if let Some(content) = self.status_len() {
            wire::put_length(out, wire::length_tag(field::STATUS), content);
            if !self.description.is_empty() {
                wire::put_bytes(out, wire::length_tag(2), self.description.as_bytes());
            }
            wire::put_varint_field(out, 3, self.status as u64);
        }
        out.extend_from_slice(&encode::FLAGS_TAG);
        out.extend_from_slice(&self.flags.to_le_bytes());
    }

    /// Writes 20 bytes.
    #[inline]
    fn put_kind_and_times(&self, out: &mut [u8], end: u64) {
        out[..3].copy_from_slice(&[
            wire::varint_tag(field::KIND),
            self.kind,
            wire::fixed64_tag(field::START),
        ]);
        out[3..11].copy_from_slice(&self.start.unix_nanos().to_le_bytes());
        out[11] = wire::fixed64_tag(field::END);
        out[12..].copy_from_slice(&end.to_le_bytes());
    }

    fn encoded_len(&self, id: &Identity<'_>) -> usize {
        let trace_state = if id.trace_state.is_empty() { 0 } else { wire::field_len(id.trace_state.len()) };
        let parent = if self.parent_span_id.is_some() { 10 } else { 0 };
        let dropped = varint_field_len(self.dropped_attributes)
            + varint_field_len(self.dropped_events)
            + varint_field_len(self.dropped_links);
        let status = self.status_len().map_or(0, wire::field_len);
        FIXED + trace_state + parent + wire::field_len(self.name.len()) + self.fields.len() + dropped + status
    }

    fn status_len(&self) -> Option<usize> {
        if self.status == StatusCode::Unset {
            return None;
        }
        let description =
            if self.description.is_empty() { 0 } else { wire::field_len(self.description.len()) };
        Some(2 + description)
    }

    /// Frees the memory of an unusually large span.
    pub(crate) fn shrink(&mut self) {
        if self.fields.capacity() > KEEP_CAPACITY {
            self.fields = ByteBuf::default();
        }
        if self.name.capacity() > KEEP_CAPACITY {
            self.name = ByteBuf::default();
        }
        if self.description.capacity() > KEEP_CAPACITY {
            self.description = String::new();
        }
    }
}

/// Writes trace id and span id into 28 bytes.
#[inline]
fn put_ids(out: &mut [u8], span_context: &SpanContext) {
    out[..2].copy_from_slice(&[wire::length_tag(field::TRACE_ID), 16]);
    out[2..18].copy_from_slice(&span_context.trace_id().to_bytes());
    out[18..20].copy_from_slice(&[wire::length_tag(field::SPAN_ID), 8]);
    out[20..28].copy_from_slice(&span_context.span_id().to_bytes());
}

/// Cuts a name or a description, for which the specification has no limit.
#[inline]
fn bounded(text: &str) -> &str {
    encode::truncate(text, Some(TEXT_LIMIT))
}

fn encode_kind(kind: &SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn remote_flag(span_context: Option<&SpanContext>) -> u32 {
    if span_context.is_some_and(SpanContext::is_remote) { IS_REMOTE } else { 0 }
}

/// Returns the `tracestate` header, if there is one.
#[inline]
pub(crate) fn header(span_context: &SpanContext) -> Option<String> {
    let trace_state = span_context.trace_state();
    if *trace_state == TraceState::NONE { None } else { Some(trace_state.header()) }
}

fn varint_field_len(value: u32) -> usize {
    if value == 0 { 0 } else { 1 + wire::varint_len(value.into()) }
}

fn put_nonzero(buf: &mut ByteBuf, field: u8, value: u32) {
    if value != 0 {
        wire::put_varint_field(buf, field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::data::{SpanData, decode_request};

    #[test]
    fn a_second_value_replaces_the_first() {
        let limits = SpanLimits::default();
        let mut record = SpanRecord::default();
        record.begin("name".into(), &SpanKind::Internal, None, 1, Timestamp::now());
        for index in 0..100_i64 {
            record.set(&format!("key.{}", index % 50), Value::Int(index), &limits);
        }
        assert_eq!(record.attributes, 50);
        assert_eq!(record.dropped_attributes, 0);
    }

    /// The bytes of a span from `start` to `end`, with an event at `end`.
    fn encoded(start: Timestamp, end: Timestamp) -> SpanData {
        let mut record = SpanRecord::default();
        record.begin("name".into(), &SpanKind::Internal, None, 1, start);
        record.add_event("short", end, &[("seconds", Value::Double(0.5))], &SpanLimits::default());
        record.add_event("long", end, &[], &SpanLimits::default());
        let mut spans = ByteBuf::default();
        let identity = Identity { span_context: &SpanContext::NONE, trace_state: "" };
        record.finish(&mut spans, 2, &identity, end.relative_to(start));
        let mut request = ByteBuf::default();
        wire::put_length(&mut request, wire::length_tag(1), wire::field_len(spans.len()));
        wire::put_bytes(&mut request, wire::length_tag(2), spans.as_slice());
        decode_request(request.as_slice()).unwrap()[0].scope_spans[0].spans[0].clone()
    }

    #[test]
    fn a_step_of_the_wall_clock_does_not_change_durations_and_events() {
        const HOUR: u64 = 3_600_000_000_000;
        let start = Timestamp::now();
        let now = Timestamp::now();
        let elapsed = now.duration_since(start);
        for stepped in
            [now.with_wall_clock_at(now.unix_nanos() - HOUR), now.with_wall_clock_at(now.unix_nanos() + HOUR)]
        {
            let span = encoded(start, stepped);
            assert_eq!(span.start_time_unix_nano, start.unix_nanos());
            assert_eq!(span.duration(), elapsed);
            for event in span.events {
                assert_eq!(event.time_unix_nano, span.end_time_unix_nano, "{}", event.name);
            }
        }
    }

    #[test]
    fn a_full_span_counts_what_it_drops() {
        let limits = SpanLimits { span_bytes: 100, ..SpanLimits::default() };
        let mut record = SpanRecord::default();
        record.begin("name".into(), &SpanKind::Internal, None, 1, Timestamp::now());
        record.set("short", Value::Str("kept"), &limits);
        record.set("long", Value::Str(&"x".repeat(1000)), &limits);
        record.add_event("event", Timestamp::now(), &[("long", Value::Str(&"x".repeat(1000)))], &limits);
        assert_eq!((record.attributes, record.dropped_attributes, record.dropped_events), (1, 1, 1));
        assert!(record.fields.len() <= 100);
    }
}
