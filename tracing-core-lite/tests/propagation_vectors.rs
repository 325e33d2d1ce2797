//! Headers are read and written as in other implementations, checked with their test vectors from `test-vectors`.

use std::collections::BTreeMap;
use std::path::Path;

use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use serde_json::Value;
use tracing_core_lite::Context;
use tracing_core_lite::propagation::{Propagator, metadata, properties};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

type Carrier = Vec<(String, String)>;

/// Returns the cases of `list` on which implementations agree.
fn vectors(list: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/propagation.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("the test vectors are missing: this test needs the folder test-vectors of the repository; {} ({error})", path.display())
    });
    let all: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let cases = all[list].as_array().unwrap_or_else(|| panic!("no list {list} in the vectors"));
    assert!(!cases.is_empty(), "{list} is empty");
    cases.iter().filter(|case| case["contested"].is_null()).cloned().collect()
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} of {case} is not a text"))
}

fn carrier(headers: &Value) -> Carrier {
    let headers = headers.as_object().expect("headers are a map");
    headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("a header is a text").to_owned()))
        .collect()
}

fn header(carrier: &Carrier, name: &str) -> String {
    let mut values = carrier.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone());
    let value = values.next().unwrap_or_default();
    assert_eq!(values.next(), None, "{name} is sent once");
    value
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex digits"))
}

#[test]
fn tracecontext_extract() {
    for case in vectors("tracecontext_extract") {
        let extracted = Propagator::default().extract(&carrier(&case["headers"]));
        let expected = &case["expect"];
        let Some(found) = extracted.span_context else {
            assert!(expected.is_null(), "{case}");
            continue;
        };
        assert!(!expected.is_null(), "nothing was to come out of {case}");
        assert!(found.is_remote() && found.is_valid(), "{case}");
        assert_eq!(found.trace_id().to_string(), text(expected, "trace_id"), "{case}");
        assert_eq!(found.span_id().to_string(), text(expected, "span_id"), "{case}");
        assert_eq!(u64::from(found.trace_flags().to_u8()), expected["trace_flags"], "{case}");
        assert_eq!(found.trace_state().header(), text(expected, "tracestate"), "{case}");
    }
}

/// Cases on which implementations differ, as this crate handles them (W3C Trace Context Level 2): unknown flags of any
/// version are dropped, and nothing may follow the flags in version 00.
#[test]
fn our_reading_of_contested_traceparents() {
    for (header, flags) in [
        ("02-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09", Some(1)),
        ("02-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-08", Some(0)),
        ("00-ab000000000000000000000000000000-cd00000000000000-09", Some(1)),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-", None),
    ] {
        let extracted = Propagator::default().extract(&vec![("traceparent", header)]);
        assert_eq!(extracted.span_context.map(|found| found.trace_flags().to_u8()), flags, "{header}");
    }
}

#[test]
fn tracecontext_inject() {
    for case in vectors("tracecontext_inject") {
        let context = &case["context"];
        let members: Vec<_> =
            text(context, "tracestate").split(',').filter_map(|member| member.split_once('=')).collect();
        let span_context = SpanContext::new(
            TraceId::from_bytes(hex(text(context, "trace_id"))),
            SpanId::from_bytes(hex(text(context, "span_id"))),
            TraceFlags::new(
                context["trace_flags"].as_u64().and_then(|flags| flags.try_into().ok()).expect("flags"),
            ),
            true,
            TraceState::from_key_value(members).expect("a tracestate"),
        );
        let mut written = Carrier::new();
        Propagator::default().inject(&Context::new().with_remote_span_context(span_context), &mut written);
        let mut expected = carrier(&case["headers"]);
        expected.sort();
        written.sort();
        assert_eq!(written, expected, "{case}");
    }
}

/// Vectors marked "invalid" for which this crate keeps the list, in addition to those marked `level2_valid`: the
/// reason, and the list that is sent.
const DUPLICATES: &[(&str, &str, &str)] = &[
    // Go rejects the list. The W3C validation suite requires that one or both of the members with this key are kept
    // (see the note in the vectors). This crate keeps the first, which is the most recent.
    ("duplicate with the same value", "foo=1,foo=1", "foo=1"),
    ("duplicate with different values", "foo=1,foo=2", "foo=1"),
];

#[test]
fn tracestate_parse() {
    let mut exceptions = 0;
    for case in vectors("tracestate_parse") {
        let input = text(&case, "input");
        let extracted = Propagator::default().extract(&vec![("traceparent", PARENT), ("tracestate", input)]);
        assert!(extracted.span_context.is_some(), "a bad tracestate does not void the traceparent: {case}");
        let trace_state =
            extracted.span_context.as_ref().map(|found| found.trace_state().clone()).unwrap_or_default();
        let mut written = Carrier::new();
        Propagator::default().inject(&extracted.into_context(), &mut written);
        let forwarded = header(&written, "tracestate");

        if let Some((_, _, kept)) =
            DUPLICATES.iter().find(|(name, of, _)| text(&case, "name") == *name && input == *of)
        {
            assert!(text(&case, "note").contains("W3C harness demands"), "{case}");
            assert_eq!(forwarded, *kept, "{case}");
            exceptions += 1;
        } else if case["level2_valid"] == true {
            assert_eq!(forwarded, input, "{case}");
        } else if case["valid"] == true {
            assert_eq!(forwarded, text(&case, "output"), "{case}");
            // A member that opentelemetry's `TraceState` refuses is forwarded, but is not in the `TraceState`.
            for member in case["members"].as_array().expect("members") {
                let key = member[0].as_str().expect("a key");
                if let Some(value) = trace_state.get(key) {
                    assert_eq!(value, member[1], "{case}");
                } else {
                    assert!(key.contains('@'), "{case}");
                }
            }
        } else {
            assert_eq!(forwarded, "", "{case}");
        }
    }
    assert_eq!(exceptions, DUPLICATES.len(), "an exception that is not needed any more");
}

/// Cases for the `TraceState` of the OpenTelemetry API, which samplers change and the propagator sends.
#[test]
fn tracestate_insert() {
    for case in vectors("tracestate_insert") {
        let pairs = |list: &Value| -> Vec<(String, String)> {
            let pair = |pair: &Value| {
                (pair[0].as_str().expect("key").to_owned(), pair[1].as_str().expect("value").to_owned())
            };
            list.as_array().expect("a list").iter().map(pair).collect()
        };
        let start = TraceState::from_key_value(pairs(&case["start"])).expect("a tracestate");
        let inserted = start.insert(text(&case, "key"), text(&case, "value"));
        assert_eq!(inserted.is_ok(), case["ok"] == true, "{case}");
        let result = inserted.unwrap_or(start);
        let result: Vec<_> =
            result.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        assert_eq!(result, pairs(&case["expect"]), "{case}");
    }
}

/// A member as (value, properties).
type Member = (String, Vec<(String, Option<String>)>);

fn members(baggage: Option<&Baggage>) -> BTreeMap<String, Member> {
    let entries = baggage.into_iter().flat_map(Baggage::iter);
    entries
        .map(|(key, (value, metadata))| {
            let properties = properties(metadata.as_str())
                .map(|property| (property.key.to_owned(), property.value))
                .collect();
            (key.to_string(), (value.to_string(), properties))
        })
        .collect()
}

fn expected_members(expect: &Value) -> BTreeMap<String, Member> {
    let property =
        |property: &Value| (text(property, "key").to_owned(), property["value"].as_str().map(str::to_owned));
    let member = |member: &Value| {
        let properties = member["properties"].as_array().expect("properties").iter().map(property).collect();
        (text(member, "value").to_owned(), properties)
    };
    let expect = expect.as_object().expect("a map");
    expect.iter().map(|(key, value)| (key.clone(), member(value))).collect()
}

fn read_baggage(headers: &[&str]) -> Option<Baggage> {
    let carrier: Vec<_> = headers.iter().map(|header| ("baggage", header)).collect();
    Propagator::default().extract(&carrier).baggage
}

#[test]
fn baggage_parse() {
    for case in vectors("baggage_parse") {
        let baggage = read_baggage(&[text(&case, "input")]);
        assert_eq!(members(baggage.as_ref()), expected_members(&case["expect"]), "{case}");
    }
}

fn headers(case: &Value) -> Vec<&str> {
    case["headers"]
        .as_array()
        .expect("headers")
        .iter()
        .map(|header| header.as_str().expect("a text"))
        .collect()
}

#[test]
fn baggage_extract() {
    for case in vectors("baggage_extract") {
        let baggage = read_baggage(&headers(&case));
        assert_eq!(members(baggage.as_ref()), expected_members(&case["expect"]), "{case}");
    }
}

#[test]
fn baggage_extract_java() {
    for case in vectors("baggage_extract_java") {
        let baggage = read_baggage(&headers(&case));
        let found: BTreeMap<_, _> = baggage
            .iter()
            .flat_map(Baggage::iter)
            .map(|(key, (value, metadata))| (key.to_string(), (value.to_string(), metadata.to_string())))
            .collect();
        let expected: BTreeMap<_, _> = case["expect"]
            .as_object()
            .expect("a map")
            .iter()
            .map(|(key, member)| {
                (key.clone(), (text(member, "value").to_owned(), text(member, "metadata").to_owned()))
            })
            .collect();
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn baggage_serialize() {
    for case in vectors("baggage_serialize") {
        let mut baggage = Baggage::new();
        for (key, (value, properties)) in expected_members(&case["members"]) {
            let mut properties = properties;
            properties.sort();
            let properties = properties.iter().map(|(key, value)| (key.as_str(), value.as_deref()));
            let _old = baggage.insert_with_metadata(key, value, metadata(properties));
        }
        let mut written = Carrier::new();
        Propagator::default().inject(&Context::new().with_baggage(baggage), &mut written);
        let written = header(&written, "baggage");
        if let Some(expected) = case["expect_members"].as_array() {
            let found: Vec<_> = written.split(',').collect();
            assert_eq!(found, expected.iter().filter_map(Value::as_str).collect::<Vec<_>>(), "{case}");
        } else {
            let expected = text(&case, "expect_sorted");
            // Exceptions: these two expect a literal plus, which some readers (such as Python's SDK) decode as a space.
            let expected = match text(&case, "name") {
                "plus" => expected.replace("1+1", "1%2B1"),
                "Encoded value" => expected.replace("*+", "*%2B"),
                _ => expected.to_owned(),
            };
            assert_eq!(written, expected, "{case}");
        }
    }
}
