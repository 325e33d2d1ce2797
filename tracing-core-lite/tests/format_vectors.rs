//! B3 and Jaeger headers are read and written as in other implementations, checked with their test vectors from
//! `test-vectors`.

use std::collections::BTreeMap;
use std::path::Path;

use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use serde_json::Value;
use tracing_core_lite::Context;
use tracing_core_lite::propagation::{Extracted, Propagator, SamplingState};

type Carrier = Vec<(String, String)>;

/// Returns all cases of `list`, contested ones too: where implementations differ, these formats read as the vectors expect.
fn vectors(list: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/propagation.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("the test vectors are missing: this test needs the folder test-vectors of the repository; {} ({error})", path.display())
    });
    let all: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let cases = all[list].as_array().unwrap_or_else(|| panic!("no list {list} in the vectors"));
    assert!(!cases.is_empty(), "{list} is empty");
    cases.clone()
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} of {case} is not a text"))
}

fn carrier(headers: &Value) -> Carrier {
    let headers = headers.as_object().expect("headers are a map");
    let value = |value: &Value| value.as_str().expect("a header is a text").to_owned();
    headers.iter().map(|(name, header)| (name.clone(), value(header))).collect()
}

fn propagator(names: &str) -> Propagator {
    Propagator::from_names(names).expect("known names")
}

fn check_extracted(case: &Value, extracted: &Extracted) {
    let expected = &case["expect"];
    let Some(found) = &extracted.span_context else { return assert!(expected.is_null(), "{case}") };
    assert!(!expected.is_null(), "nothing was to come out of {case}");
    assert!(found.is_remote() && found.is_valid(), "{case}");
    assert_eq!(found.trace_id().to_string(), text(expected, "trace_id"), "{case}");
    assert_eq!(found.span_id().to_string(), text(expected, "span_id"), "{case}");
    assert_eq!(u64::from(found.trace_flags().to_u8()), expected["trace_flags"], "{case}");
}

#[test]
fn b3_extract() {
    for case in vectors("b3_extract") {
        for names in ["b3", "b3multi"] {
            let extracted = propagator(names).extract(&carrier(&case["headers"]));
            check_extracted(&case, &extracted);
            let state = extracted.sampling_state();
            if extracted.span_context.is_some() || case["debug"] == true {
                assert_eq!(state == Some(SamplingState::Debug), case["debug"] == true, "{case}");
                assert_eq!(state == Some(SamplingState::Deferred), case["deferred"] == true, "{case}");
            }
        }
    }
}

fn context_of(case: &Value) -> (SpanContext, SamplingState) {
    let context = &case["context"];
    let number =
        |field| context[field].as_str().map_or(0, |id| u128::from_str_radix(id, 16).expect("digits"));
    let flags = u8::try_from(context["trace_flags"].as_u64().unwrap_or(0)).expect("flags");
    let span_context = SpanContext::new(
        TraceId::from(number("trace_id")),
        SpanId::from(u64::try_from(number("span_id")).expect("16 digits")),
        TraceFlags::new(flags),
        true,
        TraceState::NONE,
    );
    let state = match (case["debug"] == true, case["deferred"] == true) {
        (true, _) => SamplingState::Debug,
        (false, true) => SamplingState::Deferred,
        (false, false) if span_context.is_sampled() => SamplingState::Accept,
        (false, false) => SamplingState::Deny,
    };
    (span_context, state)
}

#[test]
fn b3_inject() {
    for case in vectors("b3_inject") {
        let encodings = case["encoding"].as_array().expect("encodings");
        let names: Vec<_> =
            encodings.iter().map(|name| if name == "multi" { "b3multi" } else { "b3" }).collect();
        let (span_context, state) = context_of(&case);
        let mut written = Carrier::new();
        let context = match span_context.is_valid() || state == SamplingState::Deny {
            true => state.put_into(&span_context, &Context::new()),
            false => Context::new(),
        };
        propagator(&names.join(",")).inject_span(&span_context, &context, &mut written);
        written.sort();
        let mut expected = carrier(&case["headers"]);
        expected.sort();
        assert_eq!(written, expected, "{case}");
    }
}

/// Baggage by key, without its metadata.
fn members(baggage: Option<&Baggage>) -> BTreeMap<String, String> {
    let members = baggage.into_iter().flat_map(Baggage::iter);
    members.map(|(key, (value, _))| (key.to_string(), value.to_string())).collect()
}

#[test]
fn jaeger_extract() {
    for list in ["jaeger_extract", "jaeger_extract_java"] {
        for case in vectors(list) {
            let extracted = propagator("jaeger").extract(&carrier(&case["headers"]));
            check_extracted(&case, &extracted);
            if let Some(debug) = case["debug"].as_bool() {
                assert_eq!(extracted.sampling_state() == Some(SamplingState::Debug), debug, "{case}");
            }
            if case["baggage"].is_object() {
                let expected = carrier(&case["baggage"]).into_iter().collect();
                assert_eq!(members(extracted.baggage.as_ref()), expected, "{case}");
            }
        }
    }
}

#[test]
fn jaeger_inject() {
    for case in vectors("jaeger_inject") {
        let (span_context, state) = context_of(&case);
        let context = state.put_into(&span_context, &Context::new());
        let mut written = Carrier::new();
        propagator("jaeger").inject_span(&span_context, &context, &mut written);
        assert_eq!(written, carrier(&case["headers"]), "{case}");
    }
}

#[test]
fn jaeger_baggage_inject() {
    for case in vectors("jaeger_baggage_inject_java") {
        let mut baggage = Baggage::new();
        for (key, value) in carrier(&case["baggage"]) {
            let _old = baggage.insert(key, value);
        }
        let mut written = Carrier::new();
        propagator("jaeger").inject(&Context::new().with_baggage(baggage), &mut written);
        written.sort();
        let mut expected = carrier(&case["headers"]);
        expected.sort();
        assert_eq!(written, expected, "{case}");
        // Read back, and sent on by a context of its own.
        let context = propagator("jaeger").extract(&written).into_context();
        assert!(!context.has_active_span());
        assert_eq!(members(Some(context.baggage())).len(), expected.len());
    }
}
