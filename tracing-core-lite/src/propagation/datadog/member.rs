//! Datadog's member of `tracestate`.

use std::fmt::Write;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::format::push_tag;
use super::state::{
    DatadogState, HIGH_HALF, LONGEST_ORIGIN, LONGEST_TAGS, TAG_PREFIX, is_text, parse_priority, priority,
};

/// The key of the member.
const DD: &str = "dd";

/// The maximum length of the value of a member, in bytes.
const LONGEST: usize = 256;

/// Reads the member of `span_context`. The sampled flag takes precedence over a priority that contradicts it.
pub(in crate::propagation) fn read_member(span_context: &SpanContext) -> Option<DatadogState> {
    let member = span_context.trace_state().get(DD)?;
    let mut state =
        DatadogState { trace_id: span_context.trace_id(), priority: None, origin: None, tags: String::new() };
    for (key, value) in member.split(';').filter_map(|part| part.split_once(':')) {
        match key {
            "s" => {
                let priority = parse_priority(value.as_bytes());
                state.priority = priority.filter(|it| (*it > 0) == span_context.is_sampled());
            }
            "o" if value.len() <= LONGEST_ORIGIN => state.origin = Some(value.replace('~', "=")),
            _ => {
                let Some(tag) = key.strip_prefix("t.").filter(|tag| !tag.is_empty()) else { continue };
                let (key, value) = (format!("{TAG_PREFIX}{tag}"), value.replace('~', "="));
                let is_sent = key != HIGH_HALF && !value.is_empty() && is_text(&key);
                if is_sent && state.tags.len() + key.len() + value.len() + 2 <= LONGEST_TAGS {
                    push_tag(&mut state.tags, &key, &value);
                }
            }
        }
    }
    Some(state)
}

impl DatadogState {
    /// Returns whether the sender was in debug mode.
    pub(in crate::propagation) fn is_debug(&self) -> bool {
        self.priority == Some(2)
    }
}

/// Returns `span_context` with the member in front of the others.
pub(in crate::propagation) fn with_member(
    span_context: &SpanContext,
    context: &Context,
) -> Option<SpanContext> {
    if !span_context.is_valid() {
        return None;
    }
    let mut member = String::with_capacity(32);
    if let Some(priority) = priority(span_context, context) {
        let _written = write!(member, "s:{priority};");
    }
    let _written = write!(member, "p:{}", span_context.span_id());
    if let Some(state) = DatadogState::of(span_context, context) {
        if let Some(origin) = &state.origin {
            push(&mut member, "o", origin);
        }
        for (key, value) in state.tags.split(',').filter_map(|tag| tag.split_once('=')) {
            let name = key.strip_prefix(TAG_PREFIX).unwrap_or(key);
            push(&mut member, &format!("t.{}", replaced(name, &[':', '='])), value);
        }
    }
    let trace_state = span_context.trace_state().insert(DD, member).ok()?;
    let (trace_id, span_id) = (span_context.trace_id(), span_context.span_id());
    Some(SpanContext::new(
        trace_id,
        span_id,
        span_context.trace_flags(),
        span_context.is_remote(),
        trace_state,
    ))
}

/// Appends a part if there is room for it. `=` becomes `~`, and what a member cannot contain becomes `_`.
fn push(member: &mut String, key: &str, value: &str) {
    let value = replaced(value, &['~']).replace('=', "~");
    if member.len() + 1 + key.len() + 1 + value.len() <= LONGEST {
        let _written = write!(member, ";{key}:{value}");
    }
}

/// Replaces separators, `others`, and what is not printable ASCII.
fn replaced(text: &str, others: &[char]) -> String {
    let is_kept = |character: char| matches!(character, '!'..='~') && !matches!(character, ',' | ';');
    text.chars().map(|it| if is_kept(it) && !others.contains(&it) { it } else { '_' }).collect()
}
