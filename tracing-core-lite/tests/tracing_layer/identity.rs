//! Ids and the sampling decision are fixed once, and `set_parent` works until then.

use std::sync::Mutex;

use opentelemetry::trace::TraceContextExt;
use tracing::{info_span, warn_span};
use tracing_core_lite::Context;
use tracing_core_lite::sampling::{ParentBased, Record, Sampler, SamplingDecision, SamplingInput};
use tracing_core_lite::subscriber::{SetParentError, SpanExt};

use crate::support::{plain, remote, remote_context, sampled_by};

#[test]
fn set_parent_keeps_attributes_and_gives_the_trace_of_the_parent() {
    let (spans, guard) = plain();
    let span = info_span!("process", order.id = 7);
    span.record("order.id", 8);
    assert_eq!(span.set_parent(remote_context(true)), Ok(()));
    span.set_attribute("late", true);
    span.in_scope(|| info_span!("child").in_scope(|| {}));
    drop((span, guard));
    let (process, child) = (spans.one("process"), spans.one("child"));
    assert_eq!(process.trace_id, remote(true).trace_id());
    assert_eq!(process.parent_span_id, remote(true).span_id());
    assert_eq!((process.int("order.id"), process.bool("late")), (Some(8), Some(true)));
    assert_eq!((child.trace_id, child.parent_span_id), (process.trace_id, process.span_id));
    assert_eq!(process.flags & 0x300, 0x300, "a remote parent");
    assert_eq!(child.flags & 0x300, 0x100, "a local parent");
}

#[test]
fn set_parent_fails_once_the_ids_are_known() {
    type Step = fn(&tracing::Span);
    let steps: [(&str, Step); 5] = [
        ("entered", |span| span.in_scope(|| {})),
        ("first child", |span| drop(info_span!(parent: span, "child"))),
        ("context()", |span| drop(span.context())),
        ("current span of a child", |span| span.in_scope(|| drop(info_span!("child")))),
        ("cause of another", |span| {
            info_span!("other").follows_from(span);
        }),
    ];
    for (name, step) in steps {
        for sampled in [true, false] {
            let (spans, guard) = plain();
            let outer = remote_context(sampled).attach();
            let span = info_span!("work");
            step(&span);
            let result = span.set_parent(Context::new());
            assert_eq!(result, Err(SetParentError::AlreadyStarted), "{name} {sampled}");
            drop((span, outer, guard));
            if sampled {
                assert_eq!(spans.one("work").trace_id, remote(true).trace_id());
            }
        }
    }
}

#[test]
fn set_parent_says_why_it_does_nothing() {
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry());
    assert_eq!(info_span!("no layer").set_parent(Context::new()), Err(SetParentError::LayerNotFound));
    assert_eq!(tracing::Span::none().set_parent(Context::new()), Err(SetParentError::SpanDisabled));
    assert!(!info_span!("no layer").context().has_active_span());
    drop(guard);
}

#[test]
fn the_last_parent_before_the_ids_counts() {
    let (spans, guard) = plain();
    let span = info_span!("work");
    for parent in [remote_context(false), remote_context(true), Context::new(), remote_context(true)] {
        assert_eq!(span.set_parent(parent), Ok(()));
    }
    drop((span, guard));
    assert_eq!(spans.one("work").parent_span_id, remote(true).span_id());
}

#[test]
fn a_span_leaves_an_unsampled_trace_for_a_sampled_one() {
    let (spans, guard) = plain();
    let outer = remote_context(false).attach();
    let span = info_span!("process");
    span.set_parent(Context::new()).expect("it was not entered");
    span.record("ignored", 1);
    span.set_attribute("order.id", 7);
    drop((outer, span, guard));
    assert_eq!(spans.one("process").int("order.id"), Some(7));
}

#[test]
fn a_span_below_an_unsampled_one_keeps_its_attributes_when_it_gets_another_parent() {
    let (spans, guard) = plain();
    let outer = remote_context(false).attach();
    let span = info_span!("process", order.id = 7, shop.tier = %"gold");
    span.record("order.id", 8);
    assert_eq!(span.set_parent(remote_context(true)), Ok(()));
    span.in_scope(|| info_span!("child", order.lines = 3).in_scope(|| {}));
    drop((span, outer, guard));
    let (process, child) = (spans.one("process"), spans.one("child"));
    assert_eq!((process.int("order.id"), process.text("shop.tier")), (Some(8), Some("gold")));
    assert_eq!((process.trace_id, process.parent_span_id), (remote(true).trace_id(), remote(true).span_id()));
    assert_eq!((child.parent_span_id, child.int("order.lines")), (process.span_id, Some(3)));
}

#[test]
fn a_place_in_the_code_that_changes_parents_keeps_attributes_for_ever() {
    let (spans, guard) = plain();
    let outer = remote_context(false).attach();
    let process = |number: i64, is_moved: bool| {
        let span = info_span!("process", number);
        if is_moved {
            assert_eq!(span.set_parent(remote_context(true)), Ok(()));
        }
        span.in_scope(|| {});
    };
    process(0, true);
    (1..5_000).for_each(|number| process(number, false));
    process(5_000, true);
    drop((outer, guard));
    let finished = spans.finished();
    assert_eq!(finished.iter().map(|it| it.span.int("number")).collect::<Vec<_>>(), [Some(0), Some(5_000)]);
}

#[test]
fn the_context_has_the_ids_of_the_span() {
    let (spans, guard) = plain();
    let span = info_span!("work");
    let context = span.context();
    span.in_scope(|| {
        let current = Context::current().span().span_context().clone();
        assert_eq!(&current, context.span().span_context());
    });
    drop((span, guard));
    let finished = spans.one("work");
    assert_eq!(context.span().span_context().span_id(), finished.span_id);
    assert_eq!(context.span().span_context().trace_id(), finished.trace_id);
}

/// Records only spans whose name it knows, and remembers what it was asked.
#[derive(Debug, Default)]
struct ByName(Mutex<Vec<String>>);

impl Sampler for ByName {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        // A sampler may log, and open spans.
        tracing::info!("asked about {}", input.name);
        self.0.lock().expect("no panic").push(format!("{} {:?}", input.name, input.kind));
        let record = if input.name == "wanted" { Record::RecordAndSample } else { Record::Drop };
        record.into()
    }

    fn description(&self) -> String {
        "ByName".into()
    }
}

#[test]
fn a_sampler_is_asked_once_with_the_final_name_and_kind() {
    let sampler = std::sync::Arc::new(ByName::default());
    let (spans, guard) = sampled_by(|builder| builder.with_sampler(sampler.clone()), |layer| layer);
    let span = info_span!("work", otel.name = tracing::field::Empty, otel.kind = "server", n = 1);
    span.record("otel.name", "wanted");
    span.in_scope(|| {});
    span.in_scope(|| drop(warn_span!("unwanted")));
    drop((span, guard));
    assert_eq!(*sampler.0.lock().unwrap(), ["wanted Server", "unwanted Internal"]);
    spans.assert_tree("wanted [kind=server]");
}

#[test]
fn a_root_that_is_not_sampled_keeps_its_trace_together() {
    let sampler = ParentBased::new(tracing_core_lite::sampling::AlwaysOff);
    let (spans, guard) = sampled_by(|builder| builder.with_sampler(sampler), |layer| layer);
    let root = info_span!("root");
    let root_context = root.in_scope(|| {
        let context = Context::current().span().span_context().clone();
        let child = info_span!("child").in_scope(|| Context::current().span().span_context().clone());
        assert_eq!(child.trace_id(), context.trace_id());
        context
    });
    assert!(root_context.is_valid() && !root_context.is_sampled());
    // Attributes are kept for a root that gets a sampled parent.
    let adopted = info_span!("adopted", order.id = 7);
    adopted.set_parent(remote_context(true)).expect("it was not entered");
    drop((root, adopted, guard));
    assert_eq!(spans.one("adopted").int("order.id"), Some(7));
    assert_eq!(spans.finished().len(), 1);
}
