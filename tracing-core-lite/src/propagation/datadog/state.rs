//! What Datadog sends besides ids.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceId};

use crate::propagation::SamplingState;

/// The longest list of tags that Datadog's tracers read and send, in bytes.
pub(super) const LONGEST_TAGS: usize = 512;

/// The start of the names of tags that are propagated.
pub(super) const TAG_PREFIX: &str = "_dd.p.";

/// The tag with the high half of a trace id.
pub(super) const HIGH_HALF: &str = "_dd.p.tid";

/// The longest origin, in bytes.
pub(super) const LONGEST_ORIGIN: usize = 128;

/// What Datadog sends besides ids, as a value of the context. It exists only if there is more than ids and sampled flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::propagation) struct DatadogState {
    pub(in crate::propagation) trace_id: TraceId,
    pub(super) priority: Option<i8>,
    pub(super) origin: Option<String>,
    /// `key=value`, separated by commas, without the high half of the trace id.
    pub(super) tags: String,
}

impl DatadogState {
    /// Returns whether ids, sampled flag and [`SamplingState`] say less than this.
    pub(super) fn says_more(&self) -> bool {
        self.origin.is_some()
            || !self.tags.is_empty()
            || self.priority.is_some_and(|priority| !(0..=2).contains(&priority))
    }

    /// Returns the state of the trace of `span_context`.
    pub(super) fn of<'a>(span_context: &SpanContext, context: &'a Context) -> Option<&'a Self> {
        context.get::<Self>().filter(|state| state.trace_id == span_context.trace_id())
    }
}

/// Returns the priority to send. The received one stays while it agrees with the decision.
pub(super) fn priority(span_context: &SpanContext, context: &Context) -> Option<i8> {
    let decided = match SamplingState::of(span_context, context) {
        SamplingState::Deferred => return None,
        SamplingState::Debug => 2,
        SamplingState::Accept => 1,
        SamplingState::Deny => 0,
    };
    let received = DatadogState::of(span_context, context).and_then(|state| state.priority);
    Some(received.filter(|received| (*received > 0) == (decided > 0)).unwrap_or(decided))
}

/// Returns the state that a priority stands for.
pub(super) fn sampling_state(priority: Option<i8>) -> SamplingState {
    match priority {
        None => SamplingState::Deferred,
        Some(..=0) => SamplingState::Deny,
        Some(2) => SamplingState::Debug,
        Some(_) => SamplingState::Accept,
    }
}

/// Parses a priority. Does not allocate.
pub(super) fn parse_priority(text: &[u8]) -> Option<i8> {
    std::str::from_utf8(text).ok().filter(|text| text.len() <= 4 && !text.starts_with('+'))?.parse().ok()
}

/// Returns whether `text` is printable ASCII without the separators of lists.
pub(super) fn is_text(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b',')
}
