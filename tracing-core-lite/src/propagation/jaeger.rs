//! The headers of Jaeger's clients.
//!
//! Source: Jaeger documentation, "Client Libraries", section "Propagation Format".

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::baggage::Reader;
use super::prefixed_baggage::{self, Encoding};
use super::traceparent::trim;
use super::{Extract, Extracted, Format, Inject, SamplingState, hex, id, percent, single_value};

const UBER_TRACE_ID: &str = "uber-trace-id";
const BAGGAGE: &str = "jaeger-baggage";
/// The start of the names of headers with baggage.
pub(super) const BAGGAGE_PREFIX: &str = "uberctx-";

/// The longest value that is read. The id of the parent span is ignored, whatever it is.
const LONGEST: usize = 256;

/// The longest list of baggage in one header.
const LONGEST_LIST: usize = super::MAX_BAGGAGE_BYTES;

const SAMPLED: u64 = 1;
const DEBUG: u64 = 2;

/// The format of Jaeger's clients: `jaeger` in `OTEL_PROPAGATORS`. Feature `jaeger`.
///
/// **Extract.** `uber-trace-id: {trace id}:{span id}:{parent span id}:{flags}`, where each colon may be percent-encoded.
/// Ids have 1 to 32 and 1 to 16 hexadecimal digits of either case, and shorter ones are padded. Flags are a hexadecimal
/// number below 256: 1 is sampled, 3 is debug mode, others are ignored. The id of the parent span is ignored. A header that is
/// sent twice is ignored. Baggage is read from headers `uberctx-{key}`, whose values are percent-decoded, and from
/// `jaeger-baggage`, a list of `key=value`.
///
/// **Inject.** Ids have all their digits, and the id of the parent span is 0. Baggage is sent as `uberctx-{key}`,
/// percent-encoded, with keys in lower case. Its metadata is not sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jaeger;

impl Format for Jaeger {
    fn fields(&self) -> &[&'static str] {
        &[UBER_TRACE_ID, BAGGAGE]
    }

    fn prefixes(&self) -> &[&'static str] {
        &[BAGGAGE_PREFIX]
    }

    fn name(&self) -> &'static str {
        "jaeger"
    }

    fn is_scanned(&self) -> bool {
        true
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        if let Some((trace_id, span_id, flags)) = single_value(carrier, UBER_TRACE_ID).and_then(parse) {
            let is_sampled = flags & SAMPLED != 0;
            into.span_context = id::remote(trace_id, span_id, is_sampled);
            if into.span_context.is_some() && is_sampled && flags & DEBUG != 0 {
                into.set_state(SamplingState::Debug);
            }
        }
        prefixed_baggage::extract(carrier, BAGGAGE_PREFIX, Encoding::Percent, into);
        if let Some(list) = single_value(carrier, BAGGAGE) {
            extract_list(list, into);
        }
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        if span_context.is_valid() {
            let mut header = *b"................................:................:0:.";
            hex::encode(&span_context.trace_id().to_bytes(), &mut header[..32]);
            hex::encode(&span_context.span_id().to_bytes(), &mut header[33..49]);
            header[52] = match SamplingState::of(span_context, context) {
                SamplingState::Debug => b'3',
                SamplingState::Accept => b'1',
                SamplingState::Deny | SamplingState::Deferred => b'0',
            };
            carrier.set(UBER_TRACE_ID, std::str::from_utf8(&header).unwrap_or_default());
        } else {
            carrier.remove(UBER_TRACE_ID);
        }
        carrier.remove(BAGGAGE);
        prefixed_baggage::inject(context, BAGGAGE_PREFIX, Encoding::Percent, carrier);
    }
}

/// Parses trace id, span id and flags. Does not allocate.
fn parse(value: &[u8]) -> Option<(u128, u64, u64)> {
    if value.len() > LONGEST {
        return None;
    }
    let (trace_id, rest) = split_colon(value)?;
    let (span_id, rest) = split_colon(rest)?;
    let (_parent, flags) = split_colon(rest)?;
    let trace_id = id::hex_number(trace_id, 32)?;
    let span_id = id::hex_number(span_id, 16)? as u64;
    let flags = id::hex_number(flags, 16)? as u64;
    (flags <= 0xff).then_some((trace_id, span_id, flags))
}

/// Splits at the first colon, which may be percent-encoded.
fn split_colon(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| matches!(byte, b':' | b'%'))?;
    match &text[at..] {
        [b':', rest @ ..] | [b'%', b'3', b'A' | b'a', rest @ ..] => Some((&text[..at], rest)),
        _ => None,
    }
}

/// Reads a list of `key=value`. Malformed members are skipped.
fn extract_list(list: &[u8], into: &mut Extracted) {
    let mut reader = Reader::default();
    for member in list[..list.len().min(LONGEST_LIST)].split(|&byte| byte == b',') {
        let mut parts = member.split(|&byte| byte == b'=').map(trim);
        if let (Some(key), Some(value), None) = (parts.next(), parts.next(), parts.next())
            && super::baggage::is_token(key)
            && let (Ok(key), Some(value)) = (std::str::from_utf8(key), percent::decode_lossy(value))
        {
            reader.add(&key.to_ascii_lowercase(), value);
        }
    }
    into.add_baggage(reader.into_baggage());
}
