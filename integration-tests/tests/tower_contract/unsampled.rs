//! An unsampled call records nothing, runs no hook, and is passed on.

use tracing_core_lite::testing::TestSpans;

use crate::stack::{Caller, Plan, Shared, Stack, UNSAMPLED, call_to_the_end, stack};

#[test]
fn the_context_of_an_unsampled_call_is_passed_on() {
    for layer in Stack::ALL {
        for baggage in [None, Some("tenant=acme")] {
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let caller = Caller { traceparent: Some(UNSAMPLED), baggage };
            call_to_the_end(layer, caller, &mut stack(layer, &Plan::default(), &spans, &seen));
            assert_eq!(spans.finished().len(), 0, "{layer:?}");
            let seen = seen.lock().unwrap();
            assert_eq!(seen.hooks, 0, "{layer:?}");
            let sent = seen.outgoing["traceparent"].to_str().unwrap();
            assert_eq!(sent[3..35], UNSAMPLED[3..35], "{layer:?}: the same trace");
            assert_ne!(sent[36..52], UNSAMPLED[36..52], "{layer:?}: a span of its own");
            assert!(sent.ends_with("-00"), "{layer:?}");
            let sent = seen.outgoing.get("baggage").map(|value| value.to_str().unwrap());
            assert_eq!(sent, baggage, "{layer:?}");
        }
    }
}
