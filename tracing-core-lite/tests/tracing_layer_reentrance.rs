//! Values may trace while a global subscriber formats them.
#![cfg(all(feature = "tracing-layer", feature = "testing"))]

use std::fmt;
use std::sync::mpsc;
use std::time::Duration;

use tracing::{info, info_span};
use tracing_core_lite::subscriber;
use tracing_core_lite::testing::TestSpans;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

struct Talkative;

impl fmt::Debug for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info_span!("inside Debug", n = 1).in_scope(|| info!(inner = ?Some(2), "formatting"));
        tracing::Span::current().record("later", "from inside");
        f.write_str("talkative")
    }
}

#[test]
fn values_may_trace_while_they_are_formatted() {
    let spans = TestSpans::new();
    tracing_subscriber::registry().with(subscriber::layer().with_tracer(spans.tracer())).init();
    let (done, wait) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let span = info_span!("work", value = ?Talkative, later = tracing::field::Empty);
        span.in_scope(|| {
            span.record("later", tracing::field::debug(Talkative));
            info!(value = ?Talkative, "event");
        });
        let _waits = done.send(());
    });
    wait.recv_timeout(Duration::from_secs(60)).expect("it does not hang");
    thread.join().expect("no panic");

    let work = spans.one("work");
    // The event, which is formatted last, sets the field again.
    assert_eq!((work.text("value"), work.text("later")), (Some("talkative"), Some("from inside")));
    let finished = spans.finished();
    let inside: Vec<_> = finished.iter().filter(|span| span.span.name == "inside Debug").collect();
    assert_eq!(inside.len(), 3);
    assert!(inside.iter().all(|span| span.span.events.len() == 1));
}
