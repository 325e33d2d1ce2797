//! The sampler decides like other implementations of consistent probability sampling, checked with their test vectors
//! from `test-vectors`.
//!
//! Some vectors test processors that this crate does not have:
//! - `missing_randomness`, `sampling_priority_attribute`, `hash_seed`, and the cases of `probabilistic_sampler` with a
//!   sampling priority, with malformed or inconsistent input (`log`), and those where a sampled span is sampled again
//!   (proportional mode or a higher threshold upstream), because a head sampler decides about every span independently.
//! - The `parent_threshold` cases of `composable_samplers`, whose sampler is in tracing-sampling: its test
//!   `composable_vectors` has all cases of that list.
//!
//! `trace_id_ratio_java` is not used. It tests the rule that consistent sampling replaced, and its own note says that
//! the two contradict each other.

use std::path::Path;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceFlags, TraceId, TraceState};
use serde_json::Value;
use tracing_core_lite::sampling::consistent::{OtTraceState, Randomness, Threshold};
use tracing_core_lite::sampling::{Ratio, Record, Sampler, SamplingDecision, SamplingInput};

fn vectors(list: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/consistent_sampling.json");
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

fn number(case: &Value, field: &str) -> f64 {
    case[field].as_f64().unwrap_or_else(|| panic!("{field} of {case} is not a number"))
}

/// Parses a number in C's hexadecimal notation, `0x1.8p-1`, because serde_json does not read every decimal exactly.
fn hex_number(text: &str) -> f64 {
    let (digits, exponent) =
        text.strip_prefix("0x1.").and_then(|text| text.split_once('p')).expect("a hex number");
    let fraction = u64::from_str_radix(digits, 16).expect("hex digits") << (52 - 4 * digits.len());
    let exponent: i64 = exponent.parse().expect("an exponent");
    f64::from_bits((u64::try_from(exponent + 1023).expect("a normal number") << 52) | fraction)
}

fn precision(case: &Value) -> u8 {
    case["precision"].as_u64().and_then(|digits| digits.try_into().ok()).expect("a precision")
}

fn trace_id(case: &Value) -> TraceId {
    TraceId::from_hex(text(case, "trace_id")).expect("a trace id")
}

fn threshold(text: &str) -> Threshold {
    Threshold::parse(text).unwrap_or_else(|| panic!("{text:?} is not a threshold"))
}

fn nearly(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs())
}

#[test]
fn probability_to_tvalue() {
    for case in vectors("probability_to_tvalue") {
        let found =
            Threshold::from_probability(hex_number(text(&case, "probability_hex"))).expect("in range");
        assert_eq!(found.to_string(), text(&case, "tvalue"), "{case}");
        assert_eq!(threshold(text(&case, "tvalue")), found, "{case}");
    }
}

#[test]
fn probability_to_threshold_java() {
    for case in vectors("probability_to_threshold_java") {
        // Java treats values below the range as "never", like this sampler.
        let found = Ratio::new(number(&case, "probability")).threshold();
        assert_eq!(found.get(), case["threshold"].as_u64().expect("a threshold"), "{case}");
        match case["tvalue"].as_str() {
            Some(tvalue) => assert_eq!(found.to_string(), tvalue, "{case}"),
            None => assert_eq!(found, Threshold::NEVER, "{case}"),
        }
    }
}

#[test]
fn probability_out_of_range() {
    for case in vectors("probability_out_of_range") {
        assert!(Threshold::from_probability(case.as_f64().expect("a number")).is_err(), "{case}");
    }
}

#[test]
fn probability_to_tvalue_with_precision() {
    for case in vectors("probability_to_tvalue_with_precision") {
        let found = Ratio::with_precision(number(&case, "probability"), precision(&case)).threshold();
        assert_eq!(found.to_string(), text(&case, "tvalue"), "{case}");
    }
}

#[test]
fn tvalue_to_probability() {
    for case in vectors("tvalue_to_probability") {
        // An absolute margin, because the vectors give 2^-56 as 0.
        let found = threshold(text(&case, "tvalue")).probability();
        assert!((found - number(&case, "probability")).abs() < 1e-15, "{found} {case}");
    }
}

#[test]
fn threshold_greater() {
    for case in vectors("threshold_greater") {
        assert_eq!(
            threshold(text(&case, "a")) > threshold(text(&case, "b")),
            case["greater"] == true,
            "{case}"
        );
    }
}

#[test]
fn value_syntax() {
    for case in vectors("rvalue_syntax") {
        assert_eq!(Randomness::parse(text(&case, "rv")).is_some(), case["ok"] == true, "{case}");
    }
    for case in vectors("tvalue_syntax") {
        assert_eq!(Threshold::parse(text(&case, "th")).is_some(), case["ok"] == true, "{case}");
    }
}

#[test]
fn decisions() {
    for case in vectors("decisions") {
        let threshold = threshold(text(&case, "tvalue"));
        if let Some(probability) = case["probability"].as_f64() {
            assert_eq!(Ratio::new(probability).threshold(), threshold, "{case}");
        }
        let randomness = match case["rvalue"].as_str() {
            Some(rv) => Randomness::parse(rv).expect("an rv"),
            None => Randomness::from_trace_id(trace_id(&case)),
        };
        if let Some(expected) = case["randomness"].as_str() {
            assert_eq!(Some(randomness), Randomness::parse(expected), "{case}");
        }
        assert_eq!(threshold.samples(randomness), case["sampled"] == true, "{case}");
    }
}

#[test]
fn ot_tracestate_parse() {
    for case in vectors("ot_tracestate_parse") {
        let parsed = OtTraceState::parse(text(&case, "input"));
        assert_eq!(parsed.is_ok(), case["valid"] == true, "{case}");
        let ot = parsed.unwrap_or_default();
        let given = |field| Some(text(&case, field)).filter(|value| !value.is_empty());
        assert_eq!(ot.threshold(), given("th").map(threshold), "{case}");
        assert_eq!(ot.randomness(), given("rv").and_then(Randomness::parse), "{case}");
        let extra: Vec<_> =
            case["extra"].as_array().expect("extra").iter().filter_map(Value::as_str).collect();
        assert_eq!(ot.others().collect::<Vec<_>>(), extra, "{case}");
    }
}

#[test]
fn ot_tracestate_roundtrip_java() {
    for case in vectors("ot_tracestate_roundtrip_java") {
        assert_eq!(OtTraceState::read(text(&case, "input")).to_string(), text(&case, "output"), "{case}");
    }
}

#[test]
fn ot_update_threshold() {
    for case in vectors("ot_update_threshold") {
        let mut ot = OtTraceState::read(text(&case, "input"));
        assert!(nearly(ot.adjusted_count(), number(&case, "adjusted_count_in"), 1e-9), "{case}");
        let threshold = Threshold::from_probability(number(&case, "probability")).expect("in range");
        assert_eq!(ot.raise_threshold(threshold).is_ok(), case["consistent"] == true, "{case}");
        assert_eq!(ot.to_string(), text(&case, "output"), "{case}");
        assert!(nearly(ot.adjusted_count(), number(&case, "adjusted_count_out"), 1e-9), "{case}");
    }
}

/// Asks a sampler about a span whose parent has this `ot` member.
fn sample(ratio: &Ratio, trace_id: TraceId, ot: &str, parent_sampled: bool) -> SamplingDecision {
    let members = Some(("ot", ot)).filter(|(_, ot)| !ot.is_empty());
    let trace_state = TraceState::from_key_value(members).expect("a tracestate");
    let flags = TraceFlags::default().with_sampled(parent_sampled);
    let parent = SpanContext::new(trace_id, SpanId::from(1), flags, true, trace_state.clone());
    let mut decision = ratio.sample(&SamplingInput::new(Some(&parent), trace_id, "name", &SpanKind::Server));
    decision.trace_state.get_or_insert(trace_state);
    decision
}

fn ot(decision: &SamplingDecision) -> OtTraceState {
    decision.trace_state.as_ref().map(OtTraceState::of).unwrap_or_default()
}

#[test]
fn probabilistic_sampler() {
    let mut taken = 0;
    for case in vectors("probabilistic_sampler") {
        let ratio = Ratio::with_precision(number(&case, "percentage") / 100.0, precision(&case));
        let arriving = text(&case, "tracestate").strip_prefix("ot=").unwrap_or_default();
        let arriving_threshold = OtTraceState::read(arriving).threshold();
        let sampled_before = case["mode"] == "proportional" && arriving_threshold.is_some();
        let higher_before = arriving_threshold.is_some_and(|arriving| arriving > ratio.threshold());
        if !case["sampling_priority"].is_null() || !case["log"].is_null() || sampled_before || higher_before {
            continue;
        }
        taken += 1;
        let decision = sample(&ratio, trace_id(&case), arriving, true);
        assert_eq!(decision.record == Record::RecordAndSample, case["sampled"] == true, "{case}");
        let expected =
            OtTraceState::read(text(&case, "tracestate_out").strip_prefix("ot=").unwrap_or_default());
        if case["sampled"] == true {
            assert_eq!(ot(&decision), expected, "{case}");
        } else {
            assert_eq!(ot(&decision).threshold(), None, "{case}");
        }
        let margin = if precision(&case) == 0 { 1e-9 } else { 1e-3 };
        assert!(nearly(ot(&decision).adjusted_count(), number(&case, "adjusted_count"), margin), "{case}");
    }
    assert!(taken >= 30, "only {taken} cases were taken");
}

#[test]
fn composable_samplers() {
    for case in vectors("composable_samplers") {
        let ratio = match text(&case, "sampler") {
            // A share of 1 is the consistent "always on".
            "always_on" => Ratio::new(1.0),
            "probability(0)" => Ratio::new(0.0),
            "probability(0.5)" => Ratio::new(0.5),
            "probability(1)" => Ratio::new(1.0),
            other => {
                assert!(other.starts_with("parent_threshold("), "{other} is not known");
                continue;
            }
        };
        let parent = &case["parent"];
        let members = ["th", "rv"].iter().filter_map(|key| Some(format!("{key}:{}", parent[key].as_str()?)));
        let arriving = members.collect::<Vec<_>>().join(";");
        let decision = sample(&ratio, trace_id(&case), &arriving, parent["sampled"] == true);
        assert_eq!(decision.record == Record::RecordAndSample, case["sampled"] == true, "{case}");
        assert_eq!(ot(&decision).threshold(), case["th"].as_str().map(threshold), "{case}");
        assert_eq!(ot(&decision).randomness(), case["rv"].as_str().and_then(Randomness::parse), "{case}");
    }
}
