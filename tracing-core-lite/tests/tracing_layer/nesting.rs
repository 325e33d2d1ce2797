//! Spans of `tracing`, of this crate and of the OpenTelemetry API nest in any order.

use opentelemetry::trace::{TraceContextExt, Tracer as _};
use tracing::{Instrument, info_span};
use tracing_core_lite::Context;
use tracing_core_lite::span::FutureExt as _;
use tracing_core_lite::testing::TestSpans;

use crate::support::{plain, remote_context};

#[derive(Debug, Clone, Copy)]
enum Kind {
    Tracing,
    Ours,
    Api,
}

fn nest(spans: &TestSpans, kinds: &[Kind], depth: usize) {
    let Some((kind, rest)) = kinds.split_first() else { return };
    let name = ["first", "second", "third"][depth];
    let inner = || nest(spans, rest, depth + 1);
    match kind {
        Kind::Tracing => info_span!("tracing", otel.name = name).in_scope(inner),
        Kind::Ours => {
            let span = spans.tracer().span(name).start();
            let _guard = span.in_context(&Context::current()).attach();
            inner();
        }
        Kind::Api => {
            let span = spans.tracer().start(name);
            let context = Context::current_with_span(span);
            let _guard = context.clone().attach();
            inner();
            context.span().end();
        }
    }
}

#[test]
fn in_every_order() {
    let kinds = [Kind::Tracing, Kind::Ours, Kind::Api];
    for first in kinds {
        for second in kinds {
            for third in kinds {
                let (spans, guard) = plain();
                nest(&spans, &[first, second, third], 0);
                assert!(!Context::current().has_active_span(), "{first:?} {second:?} {third:?}");
                drop(guard);
                spans.assert_tree("first\n  second\n    third");
            }
        }
    }
}

#[test]
fn across_await() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let (spans, guard) = plain();
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    use tracing::instrument::WithSubscriber as _;
    let tracer = spans.tracer();
    let work = async move {
        let inner = tracer.span("ours").start();
        let innermost = async {
            tokio::task::yield_now().await;
            let task = async { info_span!("in the task").in_scope(|| {}) };
            let task = task.instrument(info_span!("task")).with_current_subscriber();
            tokio::spawn(task).await.expect("no panic");
            tokio::task::yield_now().await;
        };
        async { innermost.instrument(info_span!("innermost")).await }.in_span(inner).await;
    };
    runtime.block_on(async {
        let root = info_span!("root");
        tokio::spawn(work.instrument(root).with_subscriber(dispatch)).await.expect("no panic");
    });
    drop(guard);
    spans.assert_tree(
        "
        root
          ours
            innermost
              task
                in the task
        ",
    );
}

#[test]
fn baggage_of_the_context_stays() {
    #[derive(Debug, PartialEq)]
    struct Tenant(&'static str);
    for sampled in [true, false] {
        let (_spans, guard) = plain();
        let _outer = remote_context(sampled).with_value(Tenant("acme")).attach();
        let span = info_span!("work");
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let span = &span;
                tracing::dispatcher::with_default(&dispatch, || {
                    span.in_scope(|| {
                        let context = Context::current();
                        assert_eq!(context.get::<Tenant>(), Some(&Tenant("acme")), "{sampled}");
                        assert_eq!(context.span().span_context().is_sampled(), sampled);
                    });
                });
            });
        });
        drop((span, guard));
    }
}
