//! Kept spans carry the threshold that makes their counts correct, and the name of the policy that kept them.
#![cfg(feature = "tail")]
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;
use tracing_core_lite::pipeline::view::StatusCode;
use tracing_core_lite::sampling::consistent::{OtTraceState, Threshold};
use tracing_core_lite::span::data::FinishedSpan;
use tracing_sampling::tail::{Policy, Share, TailBuffer, TailSettings};

const NOW: Duration = Duration::from_secs(5);

/// A trace with this randomness.
fn trace(randomness: u64) -> u128 {
    7 << 64 | u128::from(randomness)
}

fn sampled(randomness: u64, trace_state: &str) -> Span {
    Span { trace_state: trace_state.into(), ..support::span(trace(randomness), 1, None) }
}

fn kept(settings: TailSettings, spans: Vec<Span>) -> Vec<FinishedSpan> {
    let mut buffer = TailBuffer::new(settings).unwrap();
    buffer.add(&support::batch(spans), NOW);
    buffer.decide_all(NOW);
    support::decoded(&buffer.take_kept())
}

fn threshold(span: &FinishedSpan) -> String {
    let ot = span.span.trace_state.split(',').find_map(|member| member.strip_prefix("ot="));
    OtTraceState::read(ot.unwrap_or_default()).threshold().map(|th| th.to_string()).unwrap_or_default()
}

fn policies(policies: Vec<Policy>) -> TailSettings {
    TailSettings::default().with_policies(policies)
}

const HALF: u64 = 1 << 55;

#[test]
fn a_probabilistic_policy_is_relative_to_what_arrived() {
    let half = || policies(vec![Policy::probabilistic("rest", 50.0)]);
    for (randomness, arrived, expected) in [
        (HALF, "", Some("8")),
        (HALF - 1, "", None),
        // Behind a head of one half, the upper half of what passed is kept.
        (HALF / 2 * 3, "ot=th:8", Some("c")),
        (HALF / 2 * 3 - 1, "ot=th:8", None),
        (HALF, "ot=th:0;rv:c0000000000000,a=1", Some("8")),
        (HALF, "ot=rv:70000000000000", None),
    ] {
        let kept = kept(half(), vec![sampled(randomness, arrived)]);
        assert_eq!(kept.first().map(threshold).as_deref(), expected, "{randomness:x} {arrived}");
    }
}

#[test]
fn a_policy_that_is_certain_keeps_the_threshold_that_arrived() {
    for (arrived, expected) in [("", "0"), ("ot=th:c", "c"), ("ot=rv:f0000000000000", "0")] {
        let policies = policies(vec![Policy::probabilistic("rest", 1.0), Policy::always_sample("all")]);
        let kept = kept(policies, vec![sampled(u64::MAX >> 8, arrived)]);
        assert_eq!(threshold(&kept[0]), expected, "{arrived}");
        assert_eq!(kept[0].span.text("tracing_suite.sampling.policy"), Some("all"));
    }
}

#[test]
fn a_threshold_is_never_lowered() {
    // One of the services sampled with a lower probability than the other.
    let mut second = sampled(u64::MAX >> 8, "ot=th:f");
    second.span_id = 2_u64.to_be_bytes().into();
    second.parent_span_id = 1_u64.to_be_bytes().into();
    let spans = vec![sampled(u64::MAX >> 8, "ot=th:8"), second];
    let kept = kept(policies(vec![Policy::always_sample("all")]), spans);
    assert_eq!(kept.iter().map(threshold).collect::<Vec<_>>(), ["8", "f"]);
}

#[test]
fn behind_a_record_only_head_certain_policies_count_everything_once() {
    let settings = || {
        policies(vec![
            Policy::status_code("errors", [StatusCode::Error]),
            Policy::probabilistic("rest", 50.0),
        ])
        .with_record_only_head(true)
    };
    let high = u64::MAX >> 8;
    for (is_sampled, failed, expected) in [
        (true, true, Some("0")),
        (false, true, Some("0")),
        (true, false, Some("c")),
        // The head did not sample it, so it is not among those that the rate is relative to.
        (false, false, None),
    ] {
        let mut span = sampled(high, if is_sampled { "ot=th:8" } else { "" });
        span.flags = if is_sampled { 0x101 } else { 0x100 };
        span.status = failed.then(support::error).flatten();
        let kept = kept(settings(), vec![span]);
        assert_eq!(kept.first().map(threshold).as_deref(), expected, "{is_sampled} {failed}");
    }
}

#[test]
fn behind_a_record_only_head_the_whole_rest_is_what_the_head_sampled() {
    let errors = || Policy::status_code("errors", [StatusCode::Error]);
    let all = || Policy::probabilistic("rest", 100.0);
    let never_dropped = || Policy::status_code("ok", [StatusCode::Ok]);
    let high = u64::MAX >> 8;
    // A sampled span that did not fail keeps its threshold with each of them, and one that only was recorded is dropped.
    for (name, rest) in [
        ("a share", all()),
        ("a share with a condition", Policy::and("rest", vec![all(), Policy::not("all", never_dropped())])),
        ("a budget with room", Policy::rate_limiting("rest", 1000)),
    ] {
        for (is_sampled, failed, expected) in [
            (true, true, Some("0")),
            (false, true, Some("0")),
            (true, false, Some("8")),
            (false, false, None),
        ] {
            let mut span = sampled(high, if is_sampled { "ot=th:8" } else { "" });
            span.flags = if is_sampled { 0x101 } else { 0x100 };
            span.status = failed.then(support::error).flatten();
            for policies_in_order in [vec![errors(), rest.clone()], vec![rest.clone(), errors()]] {
                let kept = kept(policies(policies_in_order).with_record_only_head(true), vec![span.clone()]);
                assert_eq!(kept.first().map(threshold).as_deref(), expected, "{name}, {is_sampled} {failed}");
            }
        }
    }
}

#[test]
fn a_budget_keeps_the_highest_randomness_and_the_first_excluded_sets_the_threshold() {
    let two = |randomness| {
        let second = Span { span_id: 2_u64.to_be_bytes().into(), ..sampled(randomness, "") };
        [sampled(randomness, ""), Span { parent_span_id: 1_u64.to_be_bytes().into(), ..second }]
    };
    let spans = [100, 50, 10].into_iter().flat_map(two).collect();
    let kept = kept(policies(vec![Policy::rate_limiting("budget", 5)]), spans);
    assert_eq!(kept.len(), 4);
    let eleven = Threshold::parse("0000000000000b").unwrap().to_string();
    assert!(kept.iter().all(|span| threshold(span) == eleven));
}

#[test]
fn what_exceeds_a_budget_passes_to_the_next_policy() {
    let spans = || (1..=100).map(|n| sampled(n * ((1 << 56) / 101), "")).collect::<Vec<_>>();
    let budget = Policy::rate_limiting("budget", 10);
    assert_eq!(kept(policies(vec![budget.clone()]), spans()).len(), 10);
    let kept = kept(policies(vec![budget, Policy::probabilistic("rest", 50.0)]), spans());
    assert_eq!(kept.len(), 50);
    assert!(kept.iter().all(|span| threshold(span) == "8"));
}

#[test]
fn shares_of_a_composite_use_what_others_leave() {
    let of = |key: &str, n: u64| Span {
        attributes: vec![support::text("kind", key)],
        ..sampled(n * ((1 << 56) / 201), "")
    };
    let share = |kind: &str| Share::new(Policy::string_attribute(kind, "kind", [kind]));
    let composite = Policy::composite("shared", 100, [share("rare"), share("common")]);
    let spans = (1..=200).map(|n| of(if n % 20 == 0 { "rare" } else { "common" }, n)).collect();
    let kept = kept(policies(vec![composite]), spans);
    let rare = kept.iter().filter(|span| span.span.text("kind") == Some("rare")).collect::<Vec<_>>();
    assert_eq!((kept.len(), rare.len()), (100, 10));
    assert!(rare.iter().all(|span| threshold(span) == "0"), "rare ones stand for themselves");
    assert!(kept.iter().any(|span| threshold(span) != "0"));
}

#[test]
fn a_random_drop_leaves_the_rest_with_its_count() {
    let spans = (1..=100).map(|n| sampled(n * ((1 << 56) / 101), "")).collect();
    let drop = Policy::drop("most", [Policy::always_sample("all"), Policy::probabilistic("of it", 75.0)]);
    let kept = kept(policies(vec![Policy::always_sample("all"), drop]), spans);
    assert_eq!(kept.len(), 25);
    assert!(kept.iter().all(|span| threshold(span) == "c"));
}

#[test]
fn a_dry_run_only_counts() {
    let settings = policies(vec![
        Policy::always_sample("all").with_dry_run(),
        Policy::drop("none", [Policy::always_sample("all")]).with_dry_run(),
        Policy::status_code("errors", [StatusCode::Error]),
    ]);
    let mut buffer = TailBuffer::new(settings).unwrap();
    let failed = Span { status: support::error(), ..sampled(2, "") };
    buffer.add(&support::batch(vec![sampled(1, ""), failed]), NOW);
    buffer.decide_all(NOW);
    let stats = buffer.stats();
    assert_eq!((stats.kept.traces, stats.dropped.traces), (1, 1));
    let counts: Vec<_> =
        stats.policies.iter().map(|it| (it.matched.traces, it.kept.traces, it.dropped.traces)).collect();
    assert_eq!(counts, [(2, 0, 0), (2, 0, 0), (1, 1, 0)]);
}

#[test]
fn late_spans_get_the_threshold_and_policy_of_their_trace() {
    let mut buffer = TailBuffer::new(policies(vec![Policy::probabilistic("half", 50.0)])).unwrap();
    buffer.add(&support::batch(vec![sampled(HALF, "")]), NOW);
    buffer.decide_all(NOW);
    let _ = buffer.take_kept();
    let late = support::span(trace(HALF), 2, Some(1));
    buffer.add(&support::batch(vec![late]), NOW);
    let kept = support::decoded(&buffer.take_kept());
    assert_eq!((kept.len(), threshold(&kept[0]).as_str()), (1, "8"));
    assert_eq!(kept[0].span.text("tracing_suite.sampling.policy"), Some("half"));
    assert_eq!(buffer.stats().late_kept_spans, 1);
}
