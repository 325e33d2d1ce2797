//! A span ends when it was last left, and its busy and idle times add up.

use std::time::Duration;

use opentelemetry::trace::TraceContextExt;
use tracing::{info, info_span};
use tracing_core_lite::Context;
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::span::data::StatusData;

use crate::support::{plain, with};

fn wait() {
    std::thread::sleep(Duration::from_millis(3));
}

#[test]
fn a_span_that_is_closed_late_ends_when_it_was_last_left() {
    let (spans, guard) = plain();
    let span = info_span!("work");
    span.in_scope(|| {});
    span.in_scope(wait);
    let left = Timestamp::now().unix_nanos();
    wait();
    drop((span, guard));
    let span = spans.one("work");
    assert!(span.duration() >= Duration::from_millis(3));
    // The clock of spans may differ from another reading by less than a microsecond.
    assert!(span.end_time_unix_nano <= left + 1_000, "{} {left}", span.end_time_unix_nano);
}

#[test]
fn a_span_that_was_never_entered_ends_when_it_is_closed() {
    let (spans, guard) = plain();
    let span = info_span!("work", a = 1);
    info!(parent: &span, "something");
    wait();
    drop((span, guard));
    let span = spans.one("work");
    assert!(span.duration() >= Duration::from_millis(3));
    assert_eq!((span.int("a"), span.events.len()), (Some(1), 1));
}

#[test]
fn busy_and_idle_times_add_up_to_the_time_until_the_last_exit() {
    let (spans, guard) = with(|layer| layer.with_tracked_inactivity(true));
    let span = info_span!("work");
    wait();
    span.in_scope(|| span.in_scope(wait));
    wait();
    span.in_scope(wait);
    wait();
    drop((span, guard));
    let span = spans.one("work");
    let (busy, idle) = (span.int("busy_ns").expect("busy"), span.int("idle_ns").expect("idle"));
    assert!(busy >= 6_000_000 && idle >= 6_000_000, "{busy} {idle}");
    let duration = span.duration().as_nanos() as i64;
    assert!((busy + idle - duration).abs() < 1_000_000, "{busy} + {idle} is not {duration}");
}

#[test]
fn a_re_entered_span_stays_current_until_it_is_left_for_the_last_time() {
    let (spans, guard) = plain();
    let span = info_span!("work");
    let id = span.in_scope(|| {
        let id = Context::current().span().span_context().span_id();
        span.in_scope(|| {
            assert_eq!(Context::current().span().span_context().span_id(), id);
        });
        assert_eq!(Context::current().span().span_context().span_id(), id);
        info!("still in it");
        id
    });
    assert!(!Context::current().has_active_span());
    drop((span, guard));
    let span = spans.one("work");
    assert_eq!((span.span_id, span.events.len()), (id, 1));
}

#[test]
fn spans_may_be_left_in_another_order() {
    let (spans, guard) = plain();
    let (one, two) = (info_span!("one"), info_span!("two"));
    let (first, second) = (one.enter(), two.enter());
    drop(first);
    drop(info_span!("child of two"));
    drop(second);
    drop(info_span!("root"));
    drop((one, two, guard));
    spans.assert_tree(
        "
        one
        two
          child of two
        root
        ",
    );
}

#[test]
fn a_panic_is_recorded() {
    let (spans, guard) = plain();
    let result = std::panic::catch_unwind(|| {
        let _outer = info_span!("outer", a = 1).entered();
        let _inner = info_span!("inner").entered();
        panic!("it broke");
    });
    assert!(result.is_err());
    assert!(!Context::current().has_active_span());
    info_span!("after").in_scope(|| {});
    drop(guard);
    for name in ["outer", "inner"] {
        let span = spans.one(name);
        assert!(matches!(span.status, StatusData::Error(_)), "{name}: {:?}", span.status);
        assert_eq!(span.text("error.type"), Some("panic"));
    }
    assert_eq!(spans.one("outer").int("a"), Some(1));
    assert_eq!(spans.one("after").status, StatusData::Unset);
}
