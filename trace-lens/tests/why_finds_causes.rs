//! `why` finds a planted cause, and reports nothing if there is none. `cargo xtask bench lens` runs all cases.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/why_cases.rs"]
mod why_cases;

use trace_lens::{Lens, SpanRecord};
use why_cases::{SEEDS, SLOW, case};

/// The number of cases of either kind here: an unoptimised build takes a second for each.
const CASES: usize = 2;

fn is_slow(trace: trace_lens::Trace<'_>) -> bool {
    trace.main().is_some_and(|it| it.duration() > SLOW)
}

#[test]
fn a_planted_cause_is_the_first_answer() {
    for seed in SEEDS.take(CASES) {
        let (records, planted) = case(seed, true);
        let planted = planted.unwrap();
        let why = Lens::from_records(records).why(is_slow).why();
        let first = &why.reasons[0];
        assert_eq!((&first.key, &first.value), (&planted.key, &planted.value), "seed {seed}");
    }
}

#[test]
fn without_a_cause_nothing_is_significant() {
    let wrong = SEEDS
        .take(CASES)
        .filter(|&seed| !Lens::from_records(case(seed, false).0).why(is_slow).why().reasons.is_empty());
    assert_eq!(wrong.count(), 0);
}

fn request(trace: u128, duration: u64) -> SpanRecord {
    SpanRecord::new(trace, 1).with_service("shop").with_times(0, duration)
}

#[test]
fn a_value_that_only_slow_traces_have_is_found() {
    // HyperDX scores an attribute 0 that exists in slow traces only and has one value there.
    let slow = (1..=20).map(|it| request(it, SLOW + 1).with_attribute("fallback", true));
    let fast = (21..=400).map(|it| request(it, 10));
    let why = Lens::from_records(slow.chain(fast)).why(is_slow).why();
    assert_eq!((why.reasons[0].key.as_str(), why.reasons[0].value.as_deref()), ("fallback", Some("true")));
    assert_eq!(why.reasons[0].carrier, "shop");
}

#[test]
fn ids_are_left_out_and_numbers_are_grouped() {
    let slow = (1..=30u64).map(|it| {
        request(u128::from(it), SLOW + 1).with_attribute("items", i64::try_from(it).unwrap() + 200)
    });
    let fast = (31..=400u64)
        .map(|it| request(u128::from(it), 10).with_attribute("items", i64::try_from(it % 50).unwrap()));
    let with_id = |it: SpanRecord| {
        let id = format!("{:x}", it.trace_id * 7_919);
        it.with_attribute("request.id", id)
    };
    let why = Lens::from_records(slow.chain(fast).map(with_id)).why(is_slow).why();
    assert_eq!(why.left_out, ["request.id"]);
    assert_eq!((why.reasons[0].key.as_str(), why.reasons[0].value.as_deref()), ("items", Some("200 to 500")));
}

#[test]
fn traces_count_and_not_spans() {
    // One slow trace with many spans of a tenant is not many slow traces.
    let many =
        (1..=200u64).map(|id| SpanRecord::new(1, id).with_times(0, SLOW + 1).with_attribute("tenant", "a"));
    let slow = (2..=10).map(|it| request(it, SLOW + 1).with_attribute("tenant", "b"));
    let fast = (11..=100).map(|it| request(it, 10).with_attribute("tenant", "b"));
    let why = Lens::from_records(many.chain(slow).chain(fast)).why(is_slow).why();
    assert!(why.reasons.is_empty(), "{:?}", why.reasons);
}
