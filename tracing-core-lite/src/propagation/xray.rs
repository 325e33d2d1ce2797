//! The header of AWS X-Ray.
//!
//! Source: AWS X-Ray Developer Guide, "Concepts", section "Tracing header".

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::traceparent::trim;
use super::{Extract, Extracted, Format, Inject, SamplingState, hex, id, single_value};

const HEADER: &str = "x-amzn-trace-id";

/// The longest value that is read.
const LONGEST: usize = 1024;

/// The length of the trace id with its version.
const ROOT: usize = "1-00000000-000000000000000000000000".len();

/// The length of what is sent.
const SENT: usize = "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0".len();

/// The format of AWS X-Ray: `xray` in `OTEL_PROPAGATORS`. Feature `xray`.
///
/// **Extract.** `x-amzn-trace-id: Root=1-{8 digits}-{24 digits};Parent={16 digits};Sampled={0|1|?}`, in any order. `?` and an
/// absent `Sampled` leave the decision to the receiver. Other keys are ignored. After a header without `Parent`, as load
/// balancers send it, the request's span is the root of that trace. A header with another version, with a key that occurs
/// twice, or that is sent twice is ignored.
///
/// **Inject.** The first 8 digits of a trace id take the place of X-Ray's time stamp. X-Ray itself accepts only ids whose
/// time stamp is recent.
#[derive(Debug, Clone, Copy, Default)]
pub struct XRay;

impl Format for XRay {
    fn fields(&self) -> &[&'static str] {
        &[HEADER]
    }

    fn name(&self) -> &'static str {
        "xray"
    }

    fn is_scanned(&self) -> bool {
        true
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        let Some((trace_id, span_id, state)) = single_value(carrier, HEADER).and_then(parse) else { return };
        match span_id {
            Some(span_id) => {
                into.span_context = id::remote(trace_id, span_id, state.is_sampled());
                if into.span_context.is_some() {
                    into.set_state(state);
                }
            }
            None if trace_id != 0 => into.set_trace(trace_id, state),
            None => {}
        }
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        if !span_context.is_valid() {
            return carrier.remove(HEADER);
        }
        let mut header: [u8; SENT] =
            *b"Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0";
        let trace_id = span_context.trace_id().to_bytes();
        hex::encode(&trace_id[..4], &mut header[7..15]);
        hex::encode(&trace_id[4..], &mut header[16..40]);
        hex::encode(&span_context.span_id().to_bytes(), &mut header[48..64]);
        header[SENT - 1] = match SamplingState::of(span_context, context) {
            SamplingState::Accept | SamplingState::Debug => b'1',
            SamplingState::Deny => b'0',
            SamplingState::Deferred => b'?',
        };
        carrier.set(HEADER, std::str::from_utf8(&header).unwrap_or_default());
    }
}

/// Trace id, span id and state.
type Sent = (u128, Option<u64>, SamplingState);

/// Parses the value of the header. Does not allocate.
fn parse(value: &[u8]) -> Option<Sent> {
    parse_as_sent(value).or_else(|| parse_members(value))
}

/// Parses the form that is sent here and by X-Ray's SDKs.
fn parse_as_sent(value: &[u8]) -> Option<Sent> {
    let (root, rest) = value.strip_prefix(b"Root=")?.split_at_checked(ROOT)?;
    let (parent, rest) = rest.strip_prefix(b";Parent=")?.split_at_checked(16)?;
    let state = match rest {
        b";Sampled=1" => SamplingState::Accept,
        b";Sampled=0" => SamplingState::Deny,
        _ => return None,
    };
    Some((parse_root(root)?, Some(id::span_id(parent)?), state))
}

/// Parses members in any order.
fn parse_members(value: &[u8]) -> Option<Sent> {
    if value.len() > LONGEST {
        return None;
    }
    let (mut root, mut parent, mut sampled) = (None, None, None);
    for member in value.split(|&byte| byte == b';').map(trim) {
        let Some(equals) = member.iter().position(|&byte| byte == b'=') else { continue };
        let (key, text) = (trim(&member[..equals]), trim(&member[equals + 1..]));
        let slot = match key {
            _ if key.eq_ignore_ascii_case(b"root") => &mut root,
            _ if key.eq_ignore_ascii_case(b"parent") => &mut parent,
            _ if key.eq_ignore_ascii_case(b"sampled") => &mut sampled,
            _ => continue,
        };
        if slot.replace(text).is_some() {
            return None;
        }
    }
    let state = match sampled {
        Some(b"1") => SamplingState::Accept,
        Some(b"0") => SamplingState::Deny,
        Some(b"?") | None => SamplingState::Deferred,
        Some(_) => return None,
    };
    let parent = match parent {
        Some(parent) => Some(id::span_id(parent)?),
        None => None,
    };
    Some((parse_root(root?)?, parent, state))
}

fn parse_root(root: &[u8]) -> Option<u128> {
    let digits = root.strip_prefix(b"1-")?;
    if root.len() != ROOT || digits[8] != b'-' {
        return None;
    }
    let (time, unique): ([u8; 4], [u8; 12]) = (hex::decode(&digits[..8])?, hex::decode(&digits[9..])?);
    let mut id = [0; 16];
    id[..4].copy_from_slice(&time);
    id[4..].copy_from_slice(&unique);
    Some(u128::from_be_bytes(id))
}
