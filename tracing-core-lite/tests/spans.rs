//! What a span records, and how spans nest.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Value};

#[test]
fn spans_nest_by_context() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let outer = tracer.span("outer").with_parent(&Context::new()).start();
    {
        let _guard = outer.in_context(&Context::new()).attach();
        let inner = tracer.span("inner").start();
        let _inner_guard = inner.in_context(&Context::current()).attach();
        tracer.span("innermost").start();
    }
    tracer.span("sibling").with_parent(&outer.in_context(&Context::new())).start_with(|span| {
        span.set("a", 1).set("a", 2).set("b", "x");
    });
    outer.end();
    spans.assert_tree(
        "
        outer
          inner
            innermost
          sibling
        ",
    );
    let sibling = spans.one("sibling");
    assert_eq!(
        sibling.attributes,
        [
            ("a".to_owned(), tracing_core_lite::span::data::Value::Int(2)),
            ("b".to_owned(), tracing_core_lite::span::data::Value::String("x".to_owned()))
        ]
    );
    let _ = Value::Int(1);
}

#[test]
fn a_span_ends_also_when_its_last_attributes_panic() {
    let spans = TestSpans::new();
    for shared in [false, true] {
        let span = spans.tracer().span("doomed").start();
        let _context = shared.then(|| span.in_context(&Context::new()));
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            span.end_with(|span| {
                span.set("a", 1);
                panic!("on purpose, in a test");
            });
        }));
        assert!(ended.is_err());
    }
    let finished = spans.finished();
    assert_eq!(finished.iter().map(|it| it.span.int("a")).collect::<Vec<_>>(), [Some(1), Some(1)]);
}

#[test]
fn spans_are_small() {
    assert_eq!(size_of::<tracing_core_lite::Span>(), 16);
}
