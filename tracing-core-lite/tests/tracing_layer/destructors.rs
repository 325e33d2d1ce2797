//! Spans and events in destructors: while a panic unwinds, in the values of a span, and when a thread ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use tracing::{Dispatch, info, info_span};
use tracing_core_lite::testing::TestSpans;
use tracing_subscriber::layer::SubscriberExt;

use crate::support::{layer, plain};

/// Does some work in a span when it is dropped.
struct CleansUp(&'static str);

impl Drop for CleansUp {
    fn drop(&mut self) {
        info_span!("clean up", what = self.0).in_scope(|| {
            info!("cleaning up");
            info_span!("inner").in_scope(|| {});
        });
    }
}

#[test]
fn while_a_panic_unwinds() {
    let (spans, guard) = plain();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        info_span!("work").in_scope(|| {
            let _cleans_up = CleansUp("panic");
            panic!("on purpose");
        });
    }));
    assert!(outcome.is_err());
    // The thread goes on.
    info_span!("after").in_scope(|| {});
    drop(guard);
    let (work, clean_up, inner, after) =
        (spans.one("work"), spans.one("clean up"), spans.one("inner"), spans.one("after"));
    assert_eq!((clean_up.parent_span_id, inner.parent_span_id), (work.span_id, clean_up.span_id));
    assert_eq!(work.text("error.type"), Some("panic"));
    assert_eq!((clean_up.text("error.type"), inner.text("error.type")), (None, None));
    assert_ne!(after.trace_id, work.trace_id);
}

#[test]
fn in_a_value_of_the_context_that_a_span_keeps() {
    struct Held(#[allow(dead_code)] CleansUp);
    let (spans, guard) = plain();
    let context = Context::new().with_value(Held(CleansUp("context"))).attach();
    let span = info_span!("work");
    span.in_scope(|| {});
    drop(context);
    drop(span);
    drop(guard);
    assert_eq!(spans.one("clean up").text("what"), Some("context"));
    assert_eq!(spans.one("work").events.len(), 0);
}

/// What a thread that ends must not hang on.
const LIMIT: Duration = Duration::from_secs(60);

thread_local! {
    static EARLY: CleansUp = const { CleansUp("created first") };
    static LATE: CleansUp = const { CleansUp("created last") };
}

#[test]
fn when_a_thread_ends() {
    let spans = TestSpans::new();
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer(&spans)));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        tracing::dispatcher::with_default(&dispatch, || {
            EARLY.with(|_| {});
            let span = info_span!("work");
            span.in_scope(|| info!("busy"));
            LATE.with(|_| {});
            // The span stays entered.
            std::mem::forget(span.entered());
        });
        std::mem::forget(dispatch.clone());
        let _receiver_gone = sender.send(());
    })
    .join()
    .expect("no panic");
    receiver.recv_timeout(LIMIT).expect("the thread has ended");
}

#[test]
fn a_span_in_a_thread_local_is_closed_when_the_thread_ends() {
    use std::cell::RefCell;
    thread_local! {
        static KEPT: RefCell<Option<tracing::Span>> = const { RefCell::new(None) };
    }
    let (spans, guard) = plain();
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    thread::spawn(move || {
        // Created before the layer's own thread locals, and so destroyed after them.
        KEPT.with(|_| {});
        tracing::dispatcher::with_default(&dispatch, || {
            let span = info_span!("work");
            span.in_scope(|| {});
            KEPT.set(Some(span));
        });
    })
    .join()
    .expect("no panic");
    drop(guard);
    assert_eq!(spans.one("work").events.len(), 0);
}
