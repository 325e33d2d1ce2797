//! Extraction never panics, whatever the headers contain, and the extracted context can be injected again.

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState};
use proptest::prelude::*;
use tracing_core_lite::propagation::{
    Extract, MAX_BAGGAGE_BYTES, MAX_TRACESTATE_LEN, Propagator, format_traceparent, parse_traceparent,
    properties,
};
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_core_lite::sampling::{Ratio, Record, Sampler, SamplingInput};

type Carrier = Vec<(String, Vec<u8>)>;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Random bytes, and bytes that are almost a valid header.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "[0-9a-fA-F]{0,3}-[0-9a-f]{30,33}-[0-9a-f]{15,17}-[0-9a-f]{1,3}.{0,5}".prop_map(String::into_bytes),
        "(([a-zA-Z0-9@_*/-]{0,8}=[ -~]{0,8}|[ \t]{0,2})[,;]){0,40}".prop_map(String::into_bytes),
        "([a-z%]{0,3} ?= ?(%[0-9a-fA-F]{0,2}|[ -~]|é){0,8}(;[a-z=% ]{0,6}){0,3},){0,80}"
            .prop_map(String::into_bytes),
    ]
}

fn carrier() -> impl Strategy<Value = Carrier> {
    let name =
        prop_oneof![Just("traceparent"), Just("tracestate"), Just("baggage"), Just("Baggage"), Just("other")];
    proptest::collection::vec((name.prop_map(str::to_owned), value()), 0..6)
}

/// A tracestate header together with a valid traceparent, so that it is read.
fn with_parent(mut carrier: Carrier) -> Carrier {
    carrier.retain(|(name, _)| name != "traceparent");
    carrier.push(("traceparent".to_owned(), PARENT.as_bytes().to_vec()));
    carrier
}

fn forward(carrier: &dyn Extract) -> Vec<(String, String)> {
    let mut written = Vec::new();
    Propagator::default().inject(&Propagator::default().extract(carrier).into_context(), &mut written);
    written
}

proptest! {
    #[test]
    fn any_bytes_in_any_header(carrier in carrier()) {
        for carrier in [carrier.clone(), with_parent(carrier)] {
            let mut extracted = Propagator::default().extract(&carrier);
            prop_assert!(extracted.span_context.as_ref().is_none_or(|found| found.is_valid() && found.is_remote()));
            for (_, (_, metadata)) in extracted.baggage.iter().flat_map(|baggage| baggage.iter()) {
                let _count = properties(metadata.as_str()).count();
            }
            prop_assert!(!extracted.base_context().has_active_span());

            let sent = forward(&carrier);
            for (name, value) in &sent {
                prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')), "{name}: {value:?}");
                let limit = if name == "tracestate" { MAX_TRACESTATE_LEN } else { MAX_BAGGAGE_BYTES };
                prop_assert!(value.len() <= limit);
            }
            prop_assert_eq!(forward(&sent), sent, "what was sent once is sent on unchanged");
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn any_header_map(carrier in carrier()) {
        let mut map = http::HeaderMap::new();
        for (name, value) in &with_parent(carrier) {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::from_bytes(value)) {
                map.append(name, value);
            }
        }
        let mut extracted = Propagator::default().extract(&map);
        let span_context = extracted.span_context.clone().expect("the traceparent is valid");
        let with_baggage = extracted.baggage.is_some();
        Propagator::default().inject_span(&span_context, &extracted.base_context(), &mut map);
        prop_assert_eq!(map.get_all("traceparent").iter().collect::<Vec<_>>(), [PARENT]);
        prop_assert_eq!(map.contains_key("baggage"), with_baggage);
    }

    #[test]
    fn any_tracestate_under_a_sampler(carrier in carrier(), ot in "[ -~]{0,40}", probability in 0.0..1.0) {
        let mut carrier = with_parent(carrier);
        carrier.insert(0, ("tracestate".to_owned(), format!("ot={ot}").into_bytes()));
        let parent = Propagator::default().extract(&carrier).span_context.expect("the traceparent is valid");
        let ratio = Ratio::new(probability);
        let decision = ratio.sample(&SamplingInput::new(Some(&parent), parent.trace_id(), "name", &SpanKind::Server));
        let trace_state = decision.trace_state.unwrap_or_else(|| parent.trace_state().clone());
        let threshold = OtTraceState::of(&trace_state).threshold();
        let sampled = decision.record == Record::RecordAndSample;
        prop_assert_eq!(threshold, sampled.then_some(ratio.threshold()));
    }

    #[test]
    fn any_traceparent(header in value()) {
        if let Some(parent) = parse_traceparent(&header) {
            let again = format_traceparent(&parent.with_trace_state(TraceState::NONE));
            prop_assert_eq!(parse_traceparent(&again), Some(parent));
        }
    }

    #[test]
    fn what_is_formatted_is_read_back(trace in 1..u128::MAX, span in 1..u64::MAX, flags in 0..4_u8) {
        let sent = SpanContext::new(
            TraceId::from(trace), SpanId::from(span), TraceFlags::new(flags), true, TraceState::NONE,
        );
        let read = parse_traceparent(&format_traceparent(&sent)).map(|parent| parent.with_trace_state(TraceState::NONE));
        prop_assert_eq!(read, Some(sent));
    }
}
