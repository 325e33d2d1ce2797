//! The headers of OpenTracing's basic tracers.
//!
//! Source: OpenTelemetry specification, "Propagators API", section "OT Trace"; OpenTracing, `basictracer`.

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::prefixed_baggage::{self, Encoding};
use super::{Extract, Extracted, Format, Inject, SamplingState, hex, id, single_value};

const TRACE_ID: &str = "ot-tracer-traceid";
const SPAN_ID: &str = "ot-tracer-spanid";
const SAMPLED: &str = "ot-tracer-sampled";
/// The start of the names of headers with baggage.
pub(super) const BAGGAGE_PREFIX: &str = "ot-baggage-";

/// The format of OpenTracing's basic tracers: `ottrace` in `OTEL_PROPAGATORS`. Feature `ottrace`.
///
/// **Extract.** `ot-tracer-traceid` has 1 to 32 hexadecimal digits of either case, `ot-tracer-spanid` 1 to 16. Shorter ids
/// are padded. `ot-tracer-sampled` is `true`, `false`, `1` or `0`; if it is absent, the receiver decides. If it is anything
/// else, the headers are ignored. So are headers that are sent twice. Baggage is read from headers `ot-baggage-{key}` if the
/// ids are valid.
///
/// **Inject.** The format carries 64 bits of a trace id, so the low half is sent. A trace id whose low half is zero cannot be
/// sent. Baggage that a header cannot carry is left out, and so is its metadata. Keys are in lower case.
#[derive(Debug, Clone, Copy, Default)]
pub struct OtTrace;

impl Format for OtTrace {
    fn fields(&self) -> &[&'static str] {
        &[TRACE_ID, SPAN_ID, SAMPLED]
    }

    fn prefixes(&self) -> &[&'static str] {
        &[BAGGAGE_PREFIX]
    }

    fn name(&self) -> &'static str {
        "ottrace"
    }

    fn is_scanned(&self) -> bool {
        true
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        let Some((trace_id, span_id, state)) = parse(carrier) else { return };
        into.span_context = id::remote(trace_id, span_id, state.is_sampled());
        if into.span_context.is_none() {
            return;
        }
        into.is_narrow = trace_id >> 64 == 0;
        into.set_state(state);
        prefixed_baggage::extract(carrier, BAGGAGE_PREFIX, Encoding::Plain, into);
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        let low = id::low(span_context.trace_id());
        for field in [TRACE_ID, SPAN_ID, SAMPLED] {
            carrier.remove(field);
        }
        if !span_context.is_valid() || low == 0 {
            return;
        }
        let (mut trace_id, mut span_id) = ([0; 16], [0; 16]);
        hex::encode(&low.to_be_bytes(), &mut trace_id);
        hex::encode(&span_context.span_id().to_bytes(), &mut span_id);
        carrier.set(TRACE_ID, std::str::from_utf8(&trace_id).unwrap_or_default());
        carrier.set(SPAN_ID, std::str::from_utf8(&span_id).unwrap_or_default());
        match SamplingState::of(span_context, context) {
            SamplingState::Accept | SamplingState::Debug => carrier.set(SAMPLED, "true"),
            SamplingState::Deny => carrier.set(SAMPLED, "false"),
            SamplingState::Deferred => {}
        }
        prefixed_baggage::inject(context, BAGGAGE_PREFIX, Encoding::Plain, carrier);
    }
}

/// Reads trace id, span id and state. Does not allocate.
fn parse(carrier: &dyn Extract) -> Option<(u128, u64, SamplingState)> {
    let trace_id = id::hex_number(single_value(carrier, TRACE_ID)?, 32)?;
    let span_id = id::hex_number(single_value(carrier, SPAN_ID)?, 16)? as u64;
    let state = match single_value(carrier, SAMPLED) {
        Some(b"1") => SamplingState::Accept,
        Some(b"0") => SamplingState::Deny,
        Some(text) if text.eq_ignore_ascii_case(b"true") => SamplingState::Accept,
        Some(text) if text.eq_ignore_ascii_case(b"false") => SamplingState::Deny,
        Some(_) => return None,
        None => SamplingState::Deferred,
    };
    Some((trace_id, span_id, state))
}
