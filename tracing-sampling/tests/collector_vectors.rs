//! The vectors of the Collector's own tests pass in `collector` mode.
//!
//! Left out are `probabilistic` (the Collector's hash is not reproduced; its rates are compared), the older "fixed second"
//! variant of `rate_limiting` (the Collector no longer has it), and `not` of an error or of no decision (no policy here
//! has such an outcome, because none evaluates foreign code).
#![cfg(feature = "collector-config")]
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::{Value, json};
use tracing_core_lite::pipeline::Batch;
use tracing_sampling::config::collector::TailSampling;
use tracing_sampling::tail::{CollectorVersion, Decision, Mode, PolicyKind, TailBuffer, TailSettings};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/tail_sampling.json");

fn vectors() -> Value {
    let text =
        std::fs::read_to_string(VECTORS).unwrap_or_else(|error| panic!("{VECTORS} is missing: {error}"));
    serde_json::from_str(&text).unwrap()
}

fn list<'a>(vectors: &'a Value, name: &str) -> &'a Vec<Value> {
    vectors[name].as_array().unwrap()
}

fn attributes(map: &Value) -> Vec<KeyValue> {
    let of = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::Bool(bool) => any_value::Value::BoolValue(*bool),
            Value::Number(number) => any_value::Value::IntValue(number.as_i64().unwrap()),
            text => any_value::Value::StringValue(text.as_str().unwrap().into()),
        };
        KeyValue { key: key.clone(), value: support::value(value), ..KeyValue::default() }
    };
    map.as_object().map(|map| map.iter().map(of).collect()).unwrap_or_default()
}

fn span(trace: u128, id: u64, it: &Value) -> Span {
    let start = 1_000_000_000 + it["start_ms"].as_u64().unwrap_or(0) * 1_000_000;
    let code = match it["status"].as_str() {
        Some("OK") => 1,
        Some("ERROR") => 2,
        _ => 0,
    };
    Span {
        attributes: attributes(&it["attributes"]),
        start_time_unix_nano: start,
        end_time_unix_nano: start + it["duration_ms"].as_u64().unwrap_or(0) * 1_000_000,
        status: Some(Status { code, ..Status::default() }),
        trace_state: it["trace_state"].as_str().unwrap_or_default().into(),
        flags: it["flags"].as_u64().unwrap_or(0) as u32,
        ..support::span(trace, id, None)
    }
}

/// Returns the settings for one policy, by way of the YAML of which JSON is a part.
fn settings(policy: &str, config: &Value) -> Result<TailSettings, String> {
    let section = json!({"policies": [{"name": "it", "type": policy, policy: config}]});
    let read = TailSampling::from_yaml(&section.to_string()).map_err(|error| error.to_string())?;
    Ok(read.settings.with_mode(Mode::Collector(CollectorVersion::V0_140)))
}

/// Returns whether a trace was kept, and whether the policy dropped it.
fn decide(buffer: &mut TailBuffer, batch: &Batch, at: Duration) -> (bool, bool) {
    let before = buffer.stats().policies[0].dropped.traces;
    buffer.add(batch, at);
    buffer.decide_all(at);
    let kept = !buffer.take_kept().is_empty();
    (kept, buffer.stats().policies[0].dropped.traces > before)
}

#[test]
fn single_decisions() {
    let vectors = vectors();
    let mut left_out = Vec::new();
    for (index, case) in list(&vectors, "cases").iter().enumerate() {
        let policy = case["policy"].as_str().unwrap();
        let name = format!("{policy}: {}", case["name"].as_str().unwrap());
        let config = match case["sub_decision"].as_str() {
            Some("sampled") => json!({"not_sub_policy": {"type": "always_sample"}}),
            Some("not_sampled") => {
                json!({"not_sub_policy": {"type": "span_count", "span_count": {"min_spans": 100}}})
            }
            Some(_) => {
                left_out.push(name);
                continue;
            }
            None => case["config"].clone(),
        };
        let settings = settings(policy, &config);
        if case["config_error"] == true {
            settings.expect_err(&name);
            continue;
        }
        let mut buffer = TailBuffer::new(settings.unwrap_or_else(|error| panic!("{name}: {error}"))).unwrap();
        let none = vec![json!({})];
        let spans = case["spans"].as_array().unwrap_or(&none);
        let trace = index as u128 + 1;
        let spans: Vec<Span> =
            spans.iter().enumerate().map(|(id, it)| span(trace, id as u64 + 1, it)).collect();
        let batch = support::request(attributes(&case["resource"]), spans);
        let expected = match case["decision"].as_str().unwrap() {
            "sampled" | "inverted_sampled" => (true, false),
            "not_sampled" => (false, false),
            // An inverted policy that does not match vetoes others.
            "inverted_not_sampled" | "dropped" => (false, true),
            other => panic!("{name}: {other}"),
        };
        assert_eq!(decide(&mut buffer, &batch, Duration::ZERO), expected, "{name}");
    }
    assert_eq!(left_out, ["not: not(unspecified)", "not: not(error)"]);
}

#[test]
fn sequences() {
    let vectors = vectors();
    let mut left_out = Vec::new();
    for case in list(&vectors, "sequences") {
        let policy = case["policy"].as_str().unwrap();
        let name = format!("{policy}: {}", case["name"].as_str().unwrap());
        if case["variant"].as_str().is_some_and(|variant| variant.starts_with("fixed second")) {
            left_out.push(name);
            continue;
        }
        let mut config = case["config"].clone();
        let mut rates = Vec::new();
        if policy == "composite" {
            let map = config.as_object_mut().unwrap();
            let mut subs = map.remove("sub_policies").unwrap();
            for sub in subs.as_array_mut().unwrap() {
                rates.push(sub.as_object_mut().unwrap().remove("spans_per_second").unwrap().as_u64());
            }
            map.insert("composite_sub_policy".into(), subs);
        }
        let mut settings = settings(policy, &config).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let PolicyKind::Composite { shares, .. } = &mut settings.policies[0].kind {
            for (share, rate) in shares.iter_mut().zip(rates) {
                share.spans_per_second = rate;
            }
        }
        let mut buffer = TailBuffer::new(settings).unwrap();
        for (index, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let trace = index as u128 + 1;
            let spans = step["spans"].as_u64().unwrap();
            let spans = (1..=spans).map(|id| span(trace, id, step)).collect();
            let at = Duration::from_millis(5_000 + step["at_ms"].as_u64().unwrap());
            let (kept, _) = decide(&mut buffer, &support::batch(spans), at);
            assert_eq!(kept, step["decision"] == "sampled", "{name}, step {index}");
        }
    }
    assert_eq!(left_out, ["rate_limiting: old rule"]);
}

#[test]
fn final_decisions() {
    let vectors = vectors();
    for case in list(&vectors, "final_decision") {
        let outcomes: Vec<Decision> = case["policies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| match it.as_str().unwrap() {
                "sampled" => Decision::Sampled,
                "not_sampled" => Decision::NotSampled,
                "inverted_sampled" => Decision::InvertSampled,
                "inverted_not_sampled" => Decision::InvertNotSampled,
                "dropped" => Decision::Dropped,
                other => panic!("{other}"),
            })
            .collect();
        assert_eq!(Decision::combine(&outcomes).0, case["final"] == "sampled", "{case}");
    }
}

#[test]
fn probabilistic_rates() {
    let vectors = vectors();
    for case in list(&vectors, "probabilistic_statistics") {
        let settings =
            settings("probabilistic", &json!({"sampling_percentage": case["percentage"]})).unwrap();
        let mut buffer = TailBuffer::new(settings).unwrap();
        let traces = 10_000_u32;
        for number in 0..traces {
            let trace =
                u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1 << 127;
            buffer.add(&support::batch(vec![support::span(trace, 1, None)]), Duration::ZERO);
        }
        buffer.decide_all(Duration::ZERO);
        let kept = buffer.stats().kept.traces as f64;
        let share = case["expect_percentage"].as_f64().unwrap() / 100.0;
        let expected = share * f64::from(traces);
        let deviation = (expected * (1.0 - share)).sqrt();
        assert!((kept - expected).abs() <= 4.0 * deviation, "{case}: {kept}");
    }
}
