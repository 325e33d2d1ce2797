//! The headers `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled` and `x-b3-flags`.

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::{FIELDS, FLAGS, PARENT_SPAN_ID, Reading, SAMPLED, SPAN_ID, TRACE_ID, extract};
use crate::propagation::{Extract, Extracted, Format, Inject, SamplingState, hex, id, single_value};

/// The B3 format with a header for each field: `b3multi` in `OTEL_PROPAGATORS`. Feature `b3`.
///
/// **Extract.** As for [`B3Single`](super::B3Single), whose header takes precedence if it is valid. `x-b3-sampled` may
/// also be `true` or `false`. `x-b3-flags: 1` is debug mode, whatever `x-b3-sampled` says. Other flags are ignored. An
/// invalid `x-b3-sampled` or `x-b3-parentspanid` invalidates the headers.
///
/// **Inject.** Trace ids have 32 digits. In debug mode `x-b3-flags` is sent instead of `x-b3-sampled`. The id of the parent
/// span is not sent, because it is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct B3Multi;

impl Format for B3Multi {
    fn fields(&self) -> &[&'static str] {
        FIELDS
    }

    fn name(&self) -> &'static str {
        "b3multi"
    }

    fn is_scanned(&self) -> bool {
        true
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        extract(carrier, into);
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        for field in [TRACE_ID, SPAN_ID, PARENT_SPAN_ID, SAMPLED, FLAGS] {
            carrier.remove(field);
        }
        if span_context.is_valid() {
            let (mut trace_id, mut span_id) = ([0; 32], [0; 16]);
            hex::encode(&span_context.trace_id().to_bytes(), &mut trace_id);
            hex::encode(&span_context.span_id().to_bytes(), &mut span_id);
            carrier.set(TRACE_ID, std::str::from_utf8(&trace_id).unwrap_or_default());
            carrier.set(SPAN_ID, std::str::from_utf8(&span_id).unwrap_or_default());
        } else if !span_context.is_sampled() && !SamplingState::is_received(context) {
            return;
        }
        match SamplingState::of(span_context, context) {
            SamplingState::Deny => carrier.set(SAMPLED, "0"),
            SamplingState::Accept => carrier.set(SAMPLED, "1"),
            SamplingState::Debug => carrier.set(FLAGS, "1"),
            SamplingState::Deferred => {}
        }
    }
}

/// Reads the headers. Does not allocate.
pub(super) fn parse(carrier: &dyn Extract) -> Option<Reading> {
    let trace_id = single_value(carrier, TRACE_ID);
    let span_id = single_value(carrier, SPAN_ID);
    let ids = match (trace_id, span_id) {
        (Some(trace_id), Some(span_id)) => {
            Some((id::trace_id(trace_id).filter(|id| *id != 0)?, id::span_id(span_id).filter(|id| *id != 0)?))
        }
        (None, None) => None,
        _ => return None,
    };
    if let Some(parent) = single_value(carrier, PARENT_SPAN_ID) {
        ids?;
        id::span_id(parent)?;
    }
    let sampled = match single_value(carrier, SAMPLED) {
        Some(b"1") => SamplingState::Accept,
        Some(b"0") => SamplingState::Deny,
        Some(text) if text.eq_ignore_ascii_case(b"true") => SamplingState::Accept,
        Some(text) if text.eq_ignore_ascii_case(b"false") => SamplingState::Deny,
        Some(_) => return None,
        None => SamplingState::Deferred,
    };
    let is_debug = single_value(carrier, FLAGS) == Some(b"1");
    let state = if is_debug { SamplingState::Debug } else { sampled };
    Some(Reading { ids, state })
}
