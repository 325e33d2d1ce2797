//! The header `grpc-trace-bin`: a span context in the binary format of OpenCensus.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use tracing_core_lite::Context;
use tracing_core_lite::propagation::{Extract, Extracted, Format, Inject};

pub(crate) const GRPC_TRACE_BIN: &str = "grpc-trace-bin";

/// Version, then trace id, span id and options, each after the number of its field.
const LENGTH: usize = 1 + (1 + 16) + (1 + 8) + (1 + 1);
const TRACE_ID_FIELD: usize = 1;
const SPAN_ID_FIELD: usize = TRACE_ID_FIELD + 17;
const OPTIONS_FIELD: usize = SPAN_ID_FIELD + 9;

/// The length in characters of Base64, without padding.
const ENCODED: usize = (LENGTH * 4).div_ceil(3);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The header `grpc-trace-bin`, as older gRPC libraries send it.
///
/// **Extract.** The header is read if no other format has found a span context. It is ignored unless it has version 0, a
/// valid trace id and a valid span id. Options may be missing, which means not sampled.
///
/// **Inject.** Base64 without padding, as gRPC asks for binary metadata. It carries no `tracestate`, and no flag but
/// sampled.
///
/// The layers read the header without this type, and a client layer
/// [writes it](crate::client::ClientLayer::with_grpc_trace_bin) on request. Use this type for other carriers.
///
/// Source: OpenCensus specification, "Binary Format"; gRPC, "gRPC over HTTP2", section "Binary-Header".
#[derive(Debug, Clone, Copy, Default)]
pub struct GrpcTraceBin;

impl Format for GrpcTraceBin {
    fn fields(&self) -> &[&'static str] {
        &[GRPC_TRACE_BIN]
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        if into.span_context.is_none() {
            into.span_context = caller(carrier);
        }
    }

    fn inject(&self, span_context: &SpanContext, _context: &Context, carrier: &mut dyn Inject) {
        if span_context.is_valid() {
            carrier.set(GRPC_TRACE_BIN, std::str::from_utf8(&format(span_context)).unwrap_or_default());
        } else {
            carrier.remove(GRPC_TRACE_BIN);
        }
    }
}

/// Returns the sender's span.
pub(crate) fn caller(carrier: &dyn Extract) -> Option<SpanContext> {
    carrier.get(GRPC_TRACE_BIN).and_then(parse)
}

fn parse(encoded: &[u8]) -> Option<SpanContext> {
    let (bytes, len) = decode(encoded)?;
    let bytes = &bytes[..len];
    if bytes[0] != 0 || bytes.get(TRACE_ID_FIELD) != Some(&0) || bytes.get(SPAN_ID_FIELD) != Some(&1) {
        return None;
    }
    let trace_id = bytes.get(TRACE_ID_FIELD + 1..SPAN_ID_FIELD)?.try_into().ok()?;
    let span_id = bytes.get(SPAN_ID_FIELD + 1..OPTIONS_FIELD)?.try_into().ok()?;
    let is_sampled = match bytes.get(OPTIONS_FIELD..) {
        Some([2, options]) => options & 1 == 1,
        Some([]) => false,
        _ => return None,
    };
    let flags = TraceFlags::default().with_sampled(is_sampled);
    let (trace_id, span_id) = (TraceId::from_bytes(trace_id), SpanId::from_bytes(span_id));
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE)).filter(SpanContext::is_valid)
}

fn format(span_context: &SpanContext) -> [u8; ENCODED] {
    let mut bytes = [0; LENGTH];
    bytes[TRACE_ID_FIELD + 1..SPAN_ID_FIELD].copy_from_slice(&span_context.trace_id().to_bytes());
    bytes[SPAN_ID_FIELD] = 1;
    bytes[SPAN_ID_FIELD + 1..OPTIONS_FIELD].copy_from_slice(&span_context.span_id().to_bytes());
    bytes[OPTIONS_FIELD..].copy_from_slice(&[2, u8::from(span_context.is_sampled())]);
    encode(&bytes)
}

fn encode(bytes: &[u8; LENGTH]) -> [u8; ENCODED] {
    let mut encoded = [0; ENCODED];
    for (place, group) in encoded.chunks_mut(4).zip(bytes.chunks(3)) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0, |bits, (index, byte)| bits | u32::from(*byte) << (16 - 8 * index));
        for (index, character) in place.iter_mut().enumerate() {
            *character = ALPHABET[(bits >> (18 - 6 * index) & 0x3f) as usize];
        }
    }
    encoded
}

/// Decodes one to [`LENGTH`] bytes, with or without padding.
fn decode(encoded: &[u8]) -> Option<([u8; LENGTH], usize)> {
    let padding = encoded.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let encoded = &encoded[..encoded.len() - padding];
    let len = encoded.len() * 3 / 4;
    if encoded.len() > ENCODED || len == 0 || encoded.len() % 4 == 1 {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (place, group) in bytes.chunks_mut(3).zip(encoded.chunks(4)) {
        let mut bits = 0;
        for (index, character) in group.iter().enumerate() {
            bits |= sextet(*character)? << (18 - 6 * index);
        }
        for (index, byte) in place.iter_mut().enumerate() {
            *byte = (bits >> (16 - 8 * index)) as u8;
        }
    }
    Some((bytes, len))
}

fn sextet(character: u8) -> Option<u32> {
    let value = match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of the OpenCensus specification: trace id 404142…4f, span id 6162…68, sampled.
    const EXAMPLE: &str = "AABAQUJDREVGR0hJSktMTU5PAWFiY2RlZmdoAgE";

    fn extracted(header: &str) -> Option<SpanContext> {
        let mut extracted = Extracted::default();
        GrpcTraceBin.extract(&[(GRPC_TRACE_BIN, header)].as_slice(), &mut extracted);
        extracted.span_context
    }

    #[test]
    fn the_example_of_the_specification() {
        for header in [EXAMPLE.to_owned(), format!("{EXAMPLE}=")] {
            let span_context = extracted(&header).unwrap();
            assert_eq!(span_context.trace_id().to_string(), "404142434445464748494a4b4c4d4e4f");
            assert_eq!(span_context.span_id().to_string(), "6162636465666768");
            assert!(span_context.is_sampled() && span_context.is_remote());

            let mut carrier = Vec::<(String, String)>::new();
            GrpcTraceBin.inject(&span_context, &Context::new(), &mut carrier);
            assert_eq!(carrier, [(GRPC_TRACE_BIN.to_owned(), EXAMPLE.to_owned())]);
        }
    }

    #[test]
    fn invalid_headers_are_ignored() {
        for (header, case) in [
            ("", "nothing"),
            ("=", "padding alone"),
            ("A", "half a byte"),
            ("AQBAQUJDREVGR0hJSktMTU5PAWFiY2RlZmdoAgE", "version 1"),
            ("AABAQUJDREVGR0hJSktMTU5PAWFiY2Rl", "cut short"),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAWFiY2RlZmdoAgE", "no trace id"),
            ("AABAQUJDREVGR0hJSktMTU5PAQAAAAAAAAAAAgE", "no span id"),
            ("AABAQUJDREVGR0hJSktMTU5PAWFiY2RlZmdoAwE", "unknown field"),
            ("AABAQUJDREVGR0hJSktMTU5PAWFiY2RlZmdoAgEA", "too long"),
            ("AABAQUJDREVGR0hJSktMTU5P*WFiY2RlZmdoAgE", "not Base64"),
        ] {
            assert_eq!(extracted(header), None, "{case}");
        }
    }

    #[test]
    fn without_options_it_is_not_sampled() {
        let span_context = extracted("AABAQUJDREVGR0hJSktMTU5PAWFiY2RlZmdo").unwrap();
        assert!(!span_context.is_sampled());
    }

    #[test]
    fn another_format_comes_first() {
        let mut found = Extracted::default();
        found.span_context = extracted(EXAMPLE);
        let other = EXAMPLE.replace("QEFC", "QUFC");
        GrpcTraceBin.extract(&[(GRPC_TRACE_BIN, other.as_str())].as_slice(), &mut found);
        assert_eq!(found.span_context, extracted(EXAMPLE));
    }

    proptest! {
        #[test]
        fn arbitrary_headers_do_not_panic(header in prop::collection::vec(any::<u8>(), 0..64)) {
            let _span_context = parse(&header);
        }

        #[test]
        fn nearly_valid_headers_do_not_panic(header in "[A-Za-z0-9+/]{0,42}={0,3}") {
            let _span_context = parse(header.as_bytes());
        }
    }
}
