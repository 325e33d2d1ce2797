//! `follows_from` is a FollowsFrom link, whatever has happened to the cause.

use tracing::{Id, info_span};

use crate::support::{plain, remote_context};

#[test]
fn a_cause_is_a_link_before_and_after_the_ids_are_known() {
    let (spans, guard) = plain();
    let cause = info_span!("cause");
    let pending = info_span!("pending");
    pending.follows_from(&cause);
    let entered = info_span!("entered");
    entered.in_scope(|| entered.follows_from(&cause));
    drop((cause, pending, entered, guard));
    spans.assert_tree(
        "
        cause
        pending [follows=cause, link=none]
        entered [follows=cause, link=none]
        ",
    );
}

#[test]
fn a_closed_unknown_or_unsampled_cause_does_no_harm() {
    let (spans, guard) = plain();
    let closed = info_span!("closed").id();
    let span = info_span!("work");
    span.follows_from(closed);
    span.follows_from(Id::from_u64(u64::MAX));
    span.follows_from(span.id());
    {
        let _unsampled = remote_context(false).attach();
        let unsampled = info_span!("unsampled");
        span.follows_from(&unsampled);
        unsampled.follows_from(&span);
    }
    drop((span, guard));
    // The span itself and the unsampled one, which has ids.
    assert_eq!(spans.one("work").links.len(), 2);
}

#[test]
fn a_cause_that_is_being_closed_does_no_harm() {
    let (spans, guard) = plain();
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                tracing::dispatcher::with_default(&dispatch, || {
                    for _ in 0..500 {
                        let cause = info_span!("cause");
                        let id = cause.id();
                        std::thread::scope(|inner| {
                            inner.spawn(move || drop(cause));
                            info_span!("effect").follows_from(id);
                        });
                    }
                });
            });
        }
    });
    drop(guard);
    assert_eq!(spans.wait_for(4_000).len(), 4_000);
}
