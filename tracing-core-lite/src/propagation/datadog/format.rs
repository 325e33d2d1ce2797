//! The headers `x-datadog-*`.

use std::fmt::Write;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceId};

use super::state::{
    DatadogState, HIGH_HALF, LONGEST_ORIGIN, LONGEST_TAGS, TAG_PREFIX, is_text, parse_priority, priority,
    sampling_state,
};
use crate::propagation::traceparent::trim;
use crate::propagation::{Extract, Extracted, Format, Inject, id, single_value};

const TRACE_ID: &str = "x-datadog-trace-id";
const PARENT_ID: &str = "x-datadog-parent-id";
const PRIORITY: &str = "x-datadog-sampling-priority";
const ORIGIN: &str = "x-datadog-origin";
const TAGS: &str = "x-datadog-tags";

/// The format of Datadog's tracers: `datadog` in `OTEL_PROPAGATORS`. Feature `datadog`.
///
/// **Extract.** `x-datadog-trace-id` and `x-datadog-parent-id` are decimal numbers of 64 bits. The high half of the trace id
/// is the tag `_dd.p.tid` of `x-datadog-tags`, 16 lower-case hexadecimal digits. If it is absent or malformed, the high half
/// is zero. A sampling priority of 2 is debug mode ([`SamplingState::Debug`](crate::propagation::SamplingState)), 1 and above
/// are sampled, 0 and below are not. Without a priority, the receiver decides. A parent id of 0, as Datadog's browser and
/// synthetic tests send it, makes the request's span the root of that trace. Headers with an invalid id or priority are
/// ignored, and so are those that are sent twice.
///
/// **Inject.** Priority, `x-datadog-origin` and the tags `_dd.p.*` are sent as they were received, as long as the sampling
/// decision is the sender's. The list of tags has at most 512 bytes, as in Datadog's tracers. A trace id whose low half is
/// zero cannot be sent.
///
/// **Together with [`TraceContext`](crate::propagation::TraceContext)**, the member `dd` of `tracestate` is read if the
/// headers are absent, and written in front of the other members: `dd=s:{priority};p:{span id};o:{origin};t.{tag}:{value}`.
///
/// Source: Datadog's documentation, "Trace Context Propagation", and the tracers' tests of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Datadog;

impl Format for Datadog {
    fn fields(&self) -> &[&'static str] {
        &[TRACE_ID, PARENT_ID, PRIORITY, ORIGIN, TAGS]
    }

    fn name(&self) -> &'static str {
        "datadog"
    }

    fn is_scanned(&self) -> bool {
        true
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        let number = |name| id::decimal(single_value(carrier, name)?);
        let (Some(low @ 1..), Some(span_id)) = (number(TRACE_ID), number(PARENT_ID)) else { return };
        let priority = match single_value(carrier, PRIORITY).map(parse_priority) {
            Some(None) => return,
            Some(priority) => priority,
            None => None,
        };
        let tags = single_value(carrier, TAGS).filter(|tags| tags.len() <= LONGEST_TAGS).unwrap_or_default();
        let (high, tags) = read_tags(tags);
        let trace_id = (u128::from(high.unwrap_or(0)) << 64) | u128::from(low);
        let state = sampling_state(priority);
        let trace = TraceId::from(trace_id);
        let origin = single_value(carrier, ORIGIN).and_then(|origin| std::str::from_utf8(origin).ok());
        let found = DatadogState {
            trace_id: trace,
            priority,
            origin: origin.filter(|it| it.len() <= LONGEST_ORIGIN && is_text(it)).map(str::to_owned),
            tags,
        };
        into.datadog = Some(found).filter(DatadogState::says_more);
        into.span_context = id::remote(trace_id, span_id, state.is_sampled());
        if into.span_context.is_none() {
            return into.set_trace(trace_id, state);
        }
        into.is_narrow = high.is_none();
        into.set_state(state);
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        let low = id::low(span_context.trace_id());
        if !span_context.is_valid() || low == 0 {
            return self.fields().iter().for_each(|field| carrier.remove(field));
        }
        let mut text = String::with_capacity(24);
        let mut set = |name, number: &dyn std::fmt::Display| {
            text.clear();
            let _written = write!(text, "{number}");
            carrier.set(name, &text);
        };
        set(TRACE_ID, &low);
        set(PARENT_ID, &u64::from_be_bytes(span_context.span_id().to_bytes()));
        match priority(span_context, context) {
            Some(priority) => set(PRIORITY, &priority),
            None => carrier.remove(PRIORITY),
        }
        let state = DatadogState::of(span_context, context);
        match state.and_then(|state| state.origin.as_deref()) {
            Some(origin) => carrier.set(ORIGIN, origin),
            None => carrier.remove(ORIGIN),
        }
        let tags = tags_to_send(id::high(span_context.trace_id()), state.map_or("", |state| &state.tags));
        if tags.is_empty() { carrier.remove(TAGS) } else { carrier.set(TAGS, &tags) }
    }
}

/// Splits a list of tags into pairs.
fn pairs(tags: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    tags.split(|&byte| byte == b',').map(trim).filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        Some((&pair[..equals], &pair[equals + 1..]))
    })
}

/// Returns the high half of the trace id, and the tags to send on without it. Does not allocate if there are none.
fn read_tags(tags: &[u8]) -> (Option<u64>, String) {
    let (mut high, mut others) = (None, String::new());
    for (key, value) in pairs(tags) {
        if key == HIGH_HALF.as_bytes() {
            high = high.or_else(|| id::span_id(value).filter(|half| *half != 0));
            continue;
        }
        let text = |bytes| std::str::from_utf8(bytes).ok().filter(|text| is_text(text));
        let is_sent = key.starts_with(TAG_PREFIX.as_bytes()) && !key.contains(&b' ') && !value.is_empty();
        if let (true, Some(key), Some(value)) = (is_sent, text(key), text(value)) {
            push_tag(&mut others, key, value);
        }
    }
    (high, others)
}

fn tags_to_send(high: u64, others: &str) -> String {
    let mut tags = String::new();
    if high != 0 {
        push_tag(&mut tags, HIGH_HALF, &format!("{high:016x}"));
    }
    for (key, value) in others.split(',').filter_map(|tag| tag.split_once('=')) {
        if tags.len() + 1 + key.len() + 1 + value.len() <= LONGEST_TAGS {
            push_tag(&mut tags, key, value);
        }
    }
    tags
}

pub(super) fn push_tag(tags: &mut String, key: &str, value: &str) {
    if !tags.is_empty() {
        tags.push(',');
    }
    tags.push_str(key);
    tags.push('=');
    tags.push_str(value);
}
