//! Spans are shared by threads.

use tracing::{info_span, trace};
use tracing_core_lite::span::SpanLimits;

use crate::support::{plain, sampled_by};

#[test]
fn events_of_many_threads_belong_to_one_span() {
    let limits = SpanLimits::default().with_events(100_000).with_span_bytes(64 << 20);
    let (spans, guard) = sampled_by(|builder| builder.with_span_limits(limits), |layer| layer);
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    let root = info_span!("root");
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                tracing::dispatcher::with_default(&dispatch, || {
                    root.in_scope(|| (0..1_000).for_each(|_| trace!("event")));
                });
            });
        }
    });
    drop((root, guard));
    let span = spans.one("root");
    assert_eq!((span.events.len(), span.dropped_events_count), (10_000, 0));
}

#[test]
fn a_span_is_closed_on_another_thread() {
    let (spans, guard) = plain();
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    let span = info_span!("work");
    span.in_scope(|| {});
    std::thread::spawn(move || tracing::dispatcher::with_default(&dispatch, || drop(span))).join().unwrap();
    drop(guard);
    assert_eq!(spans.wait_for(1).len(), 1);
}

#[test]
fn threads_that_start_and_close_spans_of_others_lose_none() {
    let (spans, guard) = plain();
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    let (sender, receiver) = std::sync::mpsc::channel::<tracing::Span>();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (sender, dispatch) = (sender.clone(), &dispatch);
            scope.spawn(move || {
                tracing::dispatcher::with_default(dispatch, || {
                    for n in 0..500 {
                        let span = info_span!("work", thread, n, later = tracing::field::Empty);
                        if n % 2 == 0 {
                            span.in_scope(|| {});
                        }
                        sender.send(span).expect("the receiver waits");
                    }
                });
            });
        }
        drop(sender);
        tracing::dispatcher::with_default(&dispatch, || {
            for span in receiver {
                span.record("later", true);
                span.in_scope(|| drop(info_span!("child")));
            }
        });
    });
    drop(guard);
    let finished = spans.wait_for(4_000);
    assert_eq!(finished.len(), 4_000);
    let later = finished.iter().filter(|span| span.span.bool("later") == Some(true)).count();
    assert_eq!(later, 2_000);
}

#[test]
fn shutdown_exports_every_span() {
    let (spans, guard) = plain();
    for _ in 0..1_000 {
        let _span = info_span!("work").entered();
    }
    spans.provider().shutdown(std::time::Duration::from_secs(10)).expect("the exporter answers");
    // Without effect, and without harm.
    info_span!("after shutdown").in_scope(|| trace!("nothing"));
    drop(guard);
    assert_eq!(spans.finished().len(), 1_000);
}
