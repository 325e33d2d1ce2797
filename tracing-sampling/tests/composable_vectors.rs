//! Composable samplers decide like those of OpenTelemetry's other implementations: all `composable_samplers` of
//! `test-vectors/consistent_sampling.json`.
//!
//! The other lists of that file are about thresholds, tracestate and ratios, which are the core's: its test
//! `sampling_vectors` has them, and names what it leaves out.

use std::path::Path;

use serde_json::Value;
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};
use tracing_core_lite::sampling::consistent::{OtTraceState, Randomness, Threshold};
use tracing_core_lite::sampling::{AlwaysOn, Ratio, Record, Sampler, SamplingInput};
use tracing_core_lite::{SpanContext, SpanKind};
use tracing_sampling::head::{AnyOf, ParentThreshold};

/// Returns the sampler with a name of the vectors. `AnyOf` makes a consistent sampler of `AlwaysOn`, which sends `th:0`.
fn sampler(name: &str) -> Box<dyn Sampler> {
    match name {
        "always_on" => Box::new(AnyOf::new().with(AlwaysOn)),
        "probability(0)" => Box::new(Ratio::new(0.0)),
        "probability(0.5)" => Box::new(Ratio::new(0.5)),
        "probability(1)" => Box::new(Ratio::new(1.0)),
        "parent_threshold(always_on)" => Box::new(ParentThreshold::new(AlwaysOn)),
        other => panic!("the sampler {other} is not known"),
    }
}

#[test]
fn all_cases() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/consistent_sampling.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("this test needs the folder test-vectors of the repository: {} ({error})", path.display())
    });
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    let cases = vectors["composable_samplers"].as_array().expect("a list");
    assert_eq!(cases.len(), 10);
    for case in cases {
        let trace_id = TraceId::from_hex(case["trace_id"].as_str().expect("an id")).expect("hex");
        let parent = Some(&case["parent"]).filter(|parent| !parent.is_null()).map(|parent| {
            let members =
                ["th", "rv"].iter().filter_map(|key| Some(format!("{key}:{}", parent[key].as_str()?)));
            let ot = members.collect::<Vec<_>>().join(";");
            let member = Some(("ot", ot)).filter(|(_, ot)| !ot.is_empty());
            let trace_state = TraceState::from_key_value(member).expect("a tracestate");
            let flags = TraceFlags::default().with_sampled(parent["sampled"] == true);
            SpanContext::new(trace_id, SpanId::from(1), flags, true, trace_state)
        });
        let input = SamplingInput::new(parent.as_ref(), trace_id, "name", &SpanKind::Server);
        let decision = sampler(case["sampler"].as_str().expect("a name")).sample(&input);
        let inherited = || parent.as_ref().map(|parent| parent.trace_state().clone()).unwrap_or_default();
        let ot = OtTraceState::of(&decision.trace_state.unwrap_or_else(inherited));
        assert_eq!(decision.record == Record::RecordAndSample, case["sampled"] == true, "{case}");
        assert_eq!(ot.threshold(), case["th"].as_str().and_then(Threshold::parse), "{case}");
        assert_eq!(ot.randomness(), case["rv"].as_str().and_then(Randomness::parse), "{case}");
    }
}
