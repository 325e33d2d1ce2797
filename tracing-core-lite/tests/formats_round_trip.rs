//! For every format, injecting and extracting is the identity on what the format carries, and no bytes cause a panic.

use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use proptest::prelude::*;
use tracing_core_lite::Context;
use tracing_core_lite::propagation::{Propagator, SamplingState};

const FORMATS: [&str; 6] = ["b3", "b3multi", "jaeger", "xray", "ottrace", "datadog"];
const ALL: &str = "tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog";

type Carrier = Vec<(String, String)>;

fn propagator(names: &str) -> Propagator {
    Propagator::from_names(names).expect("known names")
}

fn sampled(trace: u128, span: u64, is_sampled: bool) -> SpanContext {
    let flags = TraceFlags::default().with_sampled(is_sampled);
    SpanContext::new(TraceId::from(trace), SpanId::from(span), flags, true, TraceState::NONE)
}

fn states() -> impl Strategy<Value = SamplingState> {
    prop_oneof![
        Just(SamplingState::Deny),
        Just(SamplingState::Accept),
        Just(SamplingState::Debug),
        Just(SamplingState::Deferred),
    ]
}

/// Returns the state that `format` can express in place of `state`.
fn expressible(format: &str, state: SamplingState) -> SamplingState {
    match (format, state) {
        ("xray" | "ottrace", SamplingState::Debug) => SamplingState::Accept,
        ("jaeger", SamplingState::Deferred) => SamplingState::Deny,
        (_, state) => state,
    }
}

/// Returns the trace id that `format` can express in place of `trace`.
fn carried(format: &str, trace: u128) -> u128 {
    if format == "ottrace" { trace & u128::from(u64::MAX) } else { trace }
}

/// Names that some format reads, in some spelling, and others.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "traceparent",
            "tracestate",
            "baggage",
            "b3",
            "x-b3-traceid",
            "X-B3-SpanId",
            "x-b3-sampled",
            "x-b3-flags",
            "x-b3-parentspanid",
            "uber-trace-id",
            "uberctx-",
            "UBERCTX-Tenant",
            "uberctx-a b",
            "jaeger-baggage",
            "X-Amzn-Trace-Id",
            "x-datadog-trace-id",
            "x-datadog-parent-id",
            "x-datadog-sampling-priority",
            "x-datadog-origin",
            "x-datadog-tags",
            "ot-tracer-traceid",
            "ot-tracer-spanid",
            "ot-tracer-sampled",
            "ot-baggage-k",
            "ot-baggage-",
            "other",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ]
}

/// Random bytes, and bytes that are almost a valid value.
fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "[0-9a-fA-F]{0,33}".prop_map(String::into_bytes),
        "[0-9]{0,21}|-?[0-3]|[0-9a-f]{16}|[0-9a-f]{32}|true|d|\\?".prop_map(String::into_bytes),
        "[0-9a-f]{15,33}-[0-9a-f]{15,17}(-[01d]?(-[0-9a-f]{15,17})?)?".prop_map(String::into_bytes),
        "[0-9a-f]{1,33}(:|%3[aA])[0-9a-f]{1,17}(:|%3a)[a-z0-9]{0,5}(:|%)[0-9a-f]{0,5}"
            .prop_map(String::into_bytes),
        "Root=1-[0-9a-f]{7,9}-[0-9a-f]{23,25};Parent=[0-9a-f]{15,17};Sampled=[01?]{0,2}"
            .prop_map(String::into_bytes),
        "(_dd\\.p\\.(tid|dm|usr)=[0-9a-f-]{0,17},){0,4}".prop_map(String::into_bytes),
        "00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]".prop_map(String::into_bytes),
        "dd=(s:-?[0-3];|o:[a-z~]{0,4};|p:[0-9a-f]{16};|t\\.[a-z:~]{0,9};){0,4},a=b"
            .prop_map(String::into_bytes),
    ]
}

fn carriers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    prop::collection::vec((names(), values()), 0..12)
}

fn forward(propagator: &Propagator, carrier: &Carrier) -> Carrier {
    let mut written = Carrier::new();
    propagator.inject(&propagator.extract(carrier).into_context(), &mut written);
    written
}

proptest! {
    #[test]
    fn ids_and_state(trace in 1..u128::MAX, span in 1..u64::MAX, state in states()) {
        for format in FORMATS {
            let sent = sampled(carried(format, trace), span, state.is_sampled());
            // Datadog and OT Trace cannot carry a low half of zero.
            prop_assume!(trace as u64 != 0);
            let context = state.put_into(&sent, &Context::new());
            let mut carrier = Carrier::new();
            propagator(format).inject_span(&sent, &context, &mut carrier);
            let read = propagator(format).extract(&carrier);
            prop_assert_eq!(read.sampling_state(), Some(expressible(format, state)), "{}", format);
            prop_assert_eq!(read.span_context, Some(sent), "{}: {:?}", format, carrier);
        }
    }

    #[test]
    fn narrow_trace_ids(trace in 1..u64::MAX, span in 1..u64::MAX) {
        for format in FORMATS {
            let sent = sampled(u128::from(trace), span, true);
            let mut carrier = Carrier::new();
            propagator(format).inject_span(&sent, &Context::new(), &mut carrier);
            prop_assert_eq!(propagator(format).extract(&carrier).span_context, Some(sent), "{}", format);
        }
    }

    #[test]
    fn baggage(members in prop::collection::btree_map("[a-z0-9_.-]{1,10}", "\\PC{0,20}", 0..8)) {
        let mut baggage = Baggage::new();
        for (key, value) in &members {
            let _old = baggage.insert(key.clone(), value.clone());
        }
        let mut carrier = Carrier::new();
        propagator("jaeger").inject(&Context::new().with_baggage(baggage), &mut carrier);
        let read = propagator("jaeger").extract(&carrier).into_context();
        let read: std::collections::BTreeMap<String, String> =
            read.baggage().iter().map(|(key, (value, _))| (key.to_string(), value.to_string())).collect();
        prop_assert_eq!(read, members);
    }

    #[test]
    fn any_bytes_in_any_header(carrier in carriers()) {
        for names in FORMATS.into_iter().chain([ALL, "datadog,tracecontext", "ottrace,b3multi,b3"]) {
            let propagator = propagator(names);
            let extracted = propagator.extract(&carrier);
            prop_assert!(extracted.span_context.as_ref().is_none_or(|it| it.is_valid() && it.is_remote()));
            let mut once = Carrier::new();
            propagator.inject(&extracted.into_context(), &mut once);
            for (index, (name, value)) in once.iter().enumerate() {
                prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}: {:?}", name, value);
                prop_assert!(once[..index].iter().all(|(other, _)| other != name), "{} is written twice", name);
            }
            let twice = forward(&propagator, &once);
            prop_assert_eq!(forward(&propagator, &twice), twice, "what was sent once is sent on unchanged");
        }
    }

    #[test]
    fn a_header_map_is_read_like_other_carriers(carrier in carriers()) {
        let mut map = http::HeaderMap::new();
        let mut list = Vec::new();
        for (name, value) in carrier {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(&name), http::HeaderValue::from_bytes(&value)) {
                list.push((name.to_string(), value.as_bytes().to_vec()));
                map.append(name, value);
            }
        }
        let propagator = propagator(ALL);
        let (from_map, from_list) = (propagator.extract(&map), propagator.extract(&list));
        prop_assert_eq!(from_map.sampling_state(), from_list.sampling_state());
        prop_assert_eq!(&from_map.span_context, &from_list.span_context);
        propagator.inject(&from_map.into_context(), &mut map);
        let mut written = Vec::<(String, String)>::new();
        propagator.inject(&from_list.into_context(), &mut written);
        for (name, value) in &written {
            prop_assert_eq!(map.get_all(name).iter().collect::<Vec<_>>(), [value], "{}", name);
        }
    }
}

#[test]
fn what_a_format_reads_is_removed_before_it_writes() {
    let mut carrier: Carrier =
        ["x-b3-traceid", "X-B3-Sampled", "b3", "UberCtx-old", "uber-trace-id", "ot-baggage-old"]
            .map(|name| (name.to_owned(), "stale".to_owned()))
            .to_vec();
    let span_context = sampled(7, 7, true);
    let context = Context::new().with_remote_span_context(span_context);
    propagator("b3,jaeger").inject(&context, &mut carrier);
    let mut names: Vec<_> = carrier.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["b3", "ot-baggage-old", "uber-trace-id"],
        "headers of formats that are not listed stay"
    );
    propagator("jaeger").inject(&Context::new(), &mut carrier);
    assert!(carrier.iter().all(|(name, _)| name != "uber-trace-id"));
}
