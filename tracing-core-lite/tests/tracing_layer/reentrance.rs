//! Nothing hangs or panics when user code calls back.

use std::fmt;
use std::sync::mpsc;
use std::time::Duration;

use tracing::span::{Attributes, Id};
use tracing::{Subscriber, info, info_span};
use tracing_core_lite::Context;
use tracing_core_lite::testing::TestSpans;
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::support::{layer, plain};

/// Fails instead of hanging.
fn within_a_minute(work: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    match wait.recv_timeout(Duration::from_secs(60)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        _ => thread.join().expect("no panic"),
    }
}

/// A value that traces while it is formatted.
struct Talkative;

impl fmt::Debug for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info_span!("inside Debug", n = 1).in_scope(|| info!(inner = ?Some(2), "formatting"));
        tracing::Span::current().record("later", "from inside");
        f.write_str("talkative")
    }
}

struct Failing;

impl fmt::Debug for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("part")?;
        Err(fmt::Error)
    }
}

#[test]
fn fields_may_open_spans_and_log_while_they_are_formatted() {
    within_a_minute(|| {
        let (spans, guard) = plain();
        let span = info_span!("work", value = ?Talkative, later = tracing::field::Empty, failing = ?Failing);
        let entered = span.enter();
        span.record("later", tracing::field::debug(Talkative));
        info!(value = ?Talkative, "event");
        drop(entered);
        drop((span, guard));
        let work = spans.one("work");
        assert_eq!((work.text("value"), work.text("later")), (Some("talkative"), Some("talkative")));
        assert_eq!(work.text("failing"), Some("part"));
        assert_eq!(work.events.iter().filter(|event| event.name == "event").count(), 1);
    });
}

#[test]
fn a_panic_in_debug_leaves_the_layer_usable() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Debug")
        }
    }
    let (spans, guard) = plain();
    let result = std::panic::catch_unwind(|| drop(info_span!("broken", value = ?Panics)));
    assert!(result.is_err());
    info_span!("whole", value = 1).in_scope(|| {
        let result = std::panic::catch_unwind(|| info!(value = ?Panics, "event"));
        assert!(result.is_err());
    });
    drop(guard);
    assert_eq!(spans.one("whole").int("value"), Some(1));
}

/// A layer that logs while it holds a span's extensions.
struct HoldsExtensions;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for HoldsExtensions {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: LayerContext<'_, S>) {
        let span = context.span(id).expect("it exists");
        let mut extensions = span.extensions_mut();
        extensions.insert(1_u8);
        info!(parent: id, "while the extensions are held");
        drop(info_span!(parent: id, "below"));
        info!("to the current span");
    }

    fn on_enter(&self, id: &Id, context: LayerContext<'_, S>) {
        let span = context.span(id).expect("it exists");
        let _extensions = span.extensions_mut();
        info!(parent: id, "while it is entered");
    }

    fn on_exit(&self, id: &Id, context: LayerContext<'_, S>) {
        let span = context.span(id).expect("it exists");
        let _extensions = span.extensions_mut();
        info!(parent: id, "while it is left");
    }
}

/// The other layer sees only `work`, or it would call itself. A macro, because the type depends on what is below.
macro_rules! only_work {
    () => {
        HoldsExtensions
            .with_filter(tracing_subscriber::filter::filter_fn(|metadata| metadata.name() == "work"))
    };
}

#[test]
fn another_layer_may_hold_the_extensions_of_a_span() {
    within_a_minute(|| {
        for above in [true, false] {
            let spans = TestSpans::new();
            let guard = if above {
                tracing_subscriber::registry().with(layer(&spans)).with(only_work!()).set_default()
            } else {
                tracing_subscriber::registry().with(only_work!()).with(layer(&spans)).set_default()
            };
            info_span!("work").in_scope(|| {});
            drop(guard);
            assert!(spans.finished().iter().any(|span| span.span.name == "work"));
        }
    });
}

#[test]
fn writing_to_a_span_while_it_is_being_written_to_does_not_hang() {
    within_a_minute(|| {
        let (spans, guard) = plain();
        info_span!("outer").in_scope(|| {
            let inner = spans.tracer().span("inner").start();
            inner.record(|span| {
                span.set("step", 1);
                info!("while it is written to");
                let _attached = inner.in_context(&Context::current()).attach();
                drop(info_span!("child"));
            });
        });
        drop(guard);
        assert_eq!(spans.finished().len(), 3);
    });
}
