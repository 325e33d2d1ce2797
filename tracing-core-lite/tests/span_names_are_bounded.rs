//! Beyond a bound, names of spans become templates.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::time::Duration;

use tracing_core_lite::cardinality::NameLimits;
use tracing_core_lite::testing::TestSpans;

fn names(limits: NameLimits, record: impl Fn(&TestSpans)) -> (HashSet<String>, TestSpans) {
    let spans = TestSpans::with(|builder| builder.with_name_limits(limits)).unwrap();
    record(&spans);
    (spans.finished().iter().map(|finished| finished.span.name.clone()).collect(), spans)
}

#[test]
fn a_hundred_thousand_names_with_identifiers_become_few() {
    let limits = NameLimits::new();
    let (names, _) = names(limits.clone(), |spans| {
        let tracer = spans.tracer();
        for number in 0..100_000_u32 {
            tracer.span(&format!("GET /api/users/{number}")).start();
            if number % 2000 == 0 {
                spans.provider().flush(Duration::from_secs(10)).unwrap();
            }
        }
    });
    assert_eq!(names.len(), 1001);
    assert!(names.contains("GET /api/users/{id}"));
    let stats = limits.stats();
    assert_eq!((stats.distinct, stats.templated, stats.other), (1001, 99_000, 0));
}

#[test]
fn a_name_without_a_template_becomes_other_and_keeps_its_original() {
    let limits = NameLimits::new().with_names(2);
    let (names, spans) = names(limits.clone(), |spans| {
        for name in ["load prices", "reserve stock", "charge card", "load prices"] {
            spans.tracer().span(name).start();
        }
    });
    assert_eq!(names, ["load prices", "reserve stock", "other"].map(str::to_owned).into());
    assert_eq!(spans.one("other").text("tracing_suite.name.original"), Some("charge card"));
    assert_eq!(limits.stats().other, 1);
}

#[test]
fn spans_that_are_named_by_a_convention_have_a_bound_of_their_own() {
    let limits = NameLimits::new().with_names(1).with_names_by_convention(2);
    let (names, _) = names(limits, |spans| {
        for route in ["/a", "/b", "/c"] {
            spans.tracer().span(&format!("GET {route}")).start_with(|span| _ = span.set("http.route", route));
        }
        for name in ["load prices", "reserve stock"] {
            spans.tracer().span(name).start();
        }
    });
    assert_eq!(names, ["GET /a", "GET /b", "load prices", "other"].map(str::to_owned).into());
}

#[test]
fn allowed_names_pass_and_the_bounds_can_be_off() {
    let record = |spans: &TestSpans| {
        for name in ["load prices", "reserve stock", "charge card"] {
            spans.tracer().span(name).start();
        }
    };
    let (allowed, _) = names(NameLimits::new().with_names(0).with_allowed_name("charge card"), record);
    assert_eq!(allowed, ["charge card", "other"].map(str::to_owned).into());
    assert_eq!(names(NameLimits::off(), record).0.len(), 3);
}

#[test]
fn a_new_window_counts_anew() {
    let limits = NameLimits::new().with_names(1).with_window(Duration::ZERO);
    let (names, _) = names(limits, |spans| {
        for name in ["load prices", "reserve stock"] {
            spans.tracer().span(name).start();
            spans.provider().flush(Duration::from_secs(10)).unwrap();
        }
    });
    assert_eq!(names.len(), 2);
}

#[test]
fn an_original_name_is_redacted_and_shortened() {
    let token = "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";
    let limits = NameLimits::new().with_names(0);
    let (_, spans) = names(limits, |spans| {
        spans.tracer().span(&format!("send {token} {}", "very ".repeat(100))).start();
    });
    let other = spans.one("other");
    let original = other.text("tracing_suite.name.original").unwrap();
    assert!(original.starts_with("send REDACTED very") && original.chars().count() == 120);
}
