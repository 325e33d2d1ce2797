//! The content of spans, and how spans nest.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use tracing_core_lite::propagation::parse_traceparent;
use tracing_core_lite::sampling::{AlwaysOff, AlwaysOn, ParentBased, Ratio, Sampler};
use tracing_core_lite::span::current_span;
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, TracerProviderBuilder, Value};

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
            ("a".to_owned(), tracing_core_lite::span::data::AnyValue::Int(2)),
            ("b".to_owned(), tracing_core_lite::span::data::AnyValue::String("x".to_owned()))
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

/// Every way to reach a span from within its own recorder returns and changes nothing.
#[test]
fn a_write_from_within_a_write_to_the_same_span_is_dropped() {
    let spans = TestSpans::new();
    let (done, is_done) = std::sync::mpsc::channel();
    let writer = spans.clone();
    std::thread::spawn(move || {
        let span = writer.tracer().span("work").start();
        let other = writer.tracer().span("other").start();
        let context = span.in_context(&Context::new());
        let _guard = context.clone().attach();
        span.record(|recorder| {
            current_span().set("inner.current", 1);
            current_span().record_error(&std::fmt::Error);
            span.set("inner.handle", 1);
            opentelemetry::trace::TraceContextExt::span(&context).end();
            other.set("other", 1);
            recorder.set("outer", 1);
        });
        span.set("after", 1);
        span.end_with(|_| current_span().set("inner.end", 1));
        done.send(()).unwrap();
    });
    is_done.recv_timeout(std::time::Duration::from_secs(10)).expect("a span waits for itself");
    let keys: Vec<_> = spans.one("work").attributes.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["outer", "after"]);
    assert_eq!(spans.one("other").int("other"), Some(1));
}

#[test]
fn roots_have_the_random_flag_only_if_enabled_and_children_keep_that_of_their_parent() {
    let flags = |spans: &TestSpans, traceparent: Option<&str>| {
        let remote = traceparent.map(|text| parse_traceparent(text.as_bytes()).unwrap());
        let remote = remote.map(|parsed| parsed.with_trace_state(Default::default()));
        let builder = spans.tracer();
        let builder = builder.span("work").with_parent(&ROOT);
        let span = match &remote {
            Some(remote) => builder.with_remote_parent(remote).start(),
            None => builder.start(),
        };
        span.span_context().trace_flags().to_u8()
    };
    static ROOT: std::sync::LazyLock<Context> = std::sync::LazyLock::new(Context::new);
    let with = |random: bool, sampler: std::sync::Arc<dyn Sampler>| {
        let configure =
            |builder: TracerProviderBuilder| builder.with_random_flag(random).with_shared_sampler(sampler);
        TestSpans::with(configure).unwrap()
    };
    let all = || std::sync::Arc::new(ParentBased::new(AlwaysOn));
    let ratio = || std::sync::Arc::new(ParentBased::new(Ratio::new(1.0)));
    let none = || std::sync::Arc::new(ParentBased::new(AlwaysOff));
    let level_1 = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let level_2 = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
    let unsampled_2 = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02";
    for (name, spans, incoming, expected) in [
        ("root", with(false, all()), None, 1),
        ("root by ratio", with(false, ratio()), None, 1),
        ("unsampled root", with(false, none()), None, 0),
        ("root, level 2", with(true, all()), None, 3),
        ("unsampled root, level 2", with(true, none()), None, 2),
        ("child", with(false, all()), Some(level_1), 1),
        ("child of a level 1 peer, level 2", with(true, all()), Some(level_1), 1),
        ("child of a level 2 peer", with(false, all()), Some(level_2), 3),
        ("unsampled child of a level 2 peer", with(false, all()), Some(unsampled_2), 2),
    ] {
        assert_eq!(flags(&spans, incoming), expected, "{name}");
    }
}
