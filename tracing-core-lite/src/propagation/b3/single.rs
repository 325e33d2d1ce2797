//! The header `b3`.

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::{B3, FIELDS, Reading, extract};
use crate::propagation::{Extract, Extracted, Format, Inject, SamplingState, hex, id};

/// The longest value: ids, state and the id of the parent span.
const LEN: usize = 32 + 1 + 16 + 1 + 1 + 1 + 16;

/// The length of what is sent, with a state.
const SENT: usize = 32 + 1 + 16 + 1 + 1;

/// The B3 format with one header: `b3` in `OTEL_PROPAGATORS`. Feature `b3`.
///
/// **Extract.** `b3: {trace id}-{span id}-{state}-{parent span id}`; the last two may be absent. Without a valid `b3`
/// header, those of [`B3Multi`](super::B3Multi) are read. Trace ids of 16 digits become the low half of an id. Ids must
/// have lower-case digits. A header that is sent twice is ignored. `b3: 0` and the other states without ids decide about
/// the trace that the receiver starts, as [`SamplingState`] describes.
///
/// **Inject.** Trace ids have 32 digits. The id of the parent span is not sent, because it is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct B3Single;

impl Format for B3Single {
    fn fields(&self) -> &[&'static str] {
        FIELDS
    }

    fn name(&self) -> &'static str {
        "b3"
    }

    fn is_scanned(&self) -> bool {
        true
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        extract(carrier, into);
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        let state = state_text(SamplingState::of(span_context, context));
        if !span_context.is_valid() {
            // "Not sampled" without ids is what every root says, so it is sent only if it was received.
            let is_known = span_context.is_sampled() || SamplingState::is_received(context);
            return match state.filter(|_| is_known) {
                Some(state) => carrier.set(B3, state),
                None => carrier.remove(B3),
            };
        }
        let mut header = *b"................................-................-.";
        hex::encode(&span_context.trace_id().to_bytes(), &mut header[..32]);
        hex::encode(&span_context.span_id().to_bytes(), &mut header[33..49]);
        let sent = match state {
            Some(state) => {
                header[SENT - 1..].copy_from_slice(state.as_bytes());
                &header[..]
            }
            None => &header[..SENT - 2],
        };
        carrier.set(B3, std::str::from_utf8(sent).unwrap_or_default());
    }
}

/// One character, or none for a deferred decision.
fn state_text(state: SamplingState) -> Option<&'static str> {
    match state {
        SamplingState::Deny => Some("0"),
        SamplingState::Accept => Some("1"),
        SamplingState::Debug => Some("d"),
        SamplingState::Deferred => None,
    }
}

fn parse_state(text: &[u8]) -> Option<SamplingState> {
    match text {
        b"0" => Some(SamplingState::Deny),
        b"1" => Some(SamplingState::Accept),
        b"d" => Some(SamplingState::Debug),
        _ => None,
    }
}

/// Parses the value of the header. Does not allocate.
pub(super) fn parse(value: &[u8]) -> Option<Reading> {
    if value.len() > LEN {
        return None;
    }
    let mut parts = value.split(|&byte| byte == b'-');
    let (first, second) = (parts.next()?, parts.next());
    let Some(second) = second else {
        return parse_state(first).map(|state| Reading { ids: None, state });
    };
    let ids = (id::trace_id(first).filter(|id| *id != 0)?, id::span_id(second).filter(|id| *id != 0)?);
    let state = match parts.next() {
        Some(state) => parse_state(state)?,
        None => SamplingState::Deferred,
    };
    if let Some(parent) = parts.next() {
        id::span_id(parent)?;
    }
    parts.next().is_none().then_some(Reading { ids: Some(ids), state })
}
