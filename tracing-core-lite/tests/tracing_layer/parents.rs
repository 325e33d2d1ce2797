//! The parent of a span is the current span, the given one, or none.

use opentelemetry::trace::TraceContextExt;
use tracing::info_span;
use tracing_core_lite::Context;

use crate::support::{plain, remote, remote_context};

#[test]
fn contextual_explicit_and_none() {
    let (spans, guard) = plain();
    let root = info_span!("root");
    root.in_scope(|| {
        let child = info_span!("child").entered();
        drop(info_span!("grandchild"));
        drop(info_span!(parent: &root, "explicit"));
        drop(info_span!(parent: None, "other root"));
        drop(child);
    });
    drop((root, guard));
    spans.assert_tree(
        "
        root
          child
            grandchild
          explicit
        other root
        ",
    );
}

#[test]
fn children_of_an_unsampled_span_share_its_trace_and_are_not_recorded() {
    let (spans, guard) = plain();
    let outer = remote_context(false).attach();
    info_span!("parent").in_scope(|| {
        info_span!("child", a = 1).in_scope(|| {
            let context = Context::current();
            assert_eq!(context.span().span_context().trace_id(), remote(false).trace_id());
            assert!(!context.span().span_context().is_sampled());
        });
    });
    let kept = info_span!("kept");
    drop(outer);
    // Also where the parent is not current any more.
    kept.in_scope(|| drop(info_span!("child of the kept one")));
    drop((kept, guard));
    assert!(spans.finished().is_empty());
    assert!(!Context::current().has_active_span());
}

#[test]
fn tracestate_is_passed_on() {
    use opentelemetry::trace::{SpanContext, TraceState};
    let (spans, guard) = plain();
    let state: TraceState = "vendor=value".parse().expect("a valid tracestate");
    let parent = remote(true);
    let parent = SpanContext::new(parent.trace_id(), parent.span_id(), parent.trace_flags(), true, state);
    let outer = Context::new().with_remote_span_context(parent).attach();
    info_span!("parent").in_scope(|| drop(info_span!("child")));
    drop((outer, guard));
    assert_eq!(spans.one("parent").trace_state, "vendor=value");
    assert_eq!(spans.one("child").trace_state, "vendor=value");
}
