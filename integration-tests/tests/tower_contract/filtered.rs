//! Excluding a request excludes everything below it, and outgoing calls still propagate.

use tracing_core_lite::testing::TestSpans;

use crate::stack::{Caller, Plan, SAMPLED, Shared, Stack, UNSAMPLED, call_to_the_end, stack};

/// The headers that a callee of an excluded request receives, and the recorded spans.
fn excluded(layer: Stack, caller: Caller) -> (String, Option<String>, TestSpans) {
    let (spans, seen) = (TestSpans::new(), Shared::default());
    let plan = Plan { excludes: true, ..Plan::default() };
    call_to_the_end(layer, caller, &mut stack(layer, &plan, &spans, &seen));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.hooks, 0, "{layer:?}");
    let header = |name| seen.outgoing.get(name).map(|value| value.to_str().unwrap().to_owned());
    let traceparent = header("traceparent").unwrap_or_else(|| panic!("{layer:?} sends no context"));
    (traceparent, header("baggage"), spans)
}

#[test]
fn the_table_of_excluded_requests() {
    for layer in Stack::ALL {
        for baggage in [None, Some("tenant=acme")] {
            for (traceparent, is_sampled) in [(None, false), (Some(UNSAMPLED), false), (Some(SAMPLED), true)]
            {
                let case = format!("{layer:?}, {traceparent:?}, {baggage:?}");
                let (sent, baggage_sent, spans) = excluded(layer, Caller { traceparent, baggage });
                match traceparent {
                    Some(caller) => assert_eq!(sent, caller, "{case}: the caller's context goes on"),
                    None => assert!(sent.ends_with("-00"), "{case}: a new and unsampled context, not {sent}"),
                }
                assert_eq!(baggage_sent.as_deref(), baggage, "{case}");
                let recorded = spans.finished();
                assert_eq!(recorded.len(), usize::from(is_sampled), "{case}: {recorded:?}");
                for query in recorded {
                    assert_eq!(query.span.name, "query", "{case}");
                    assert_eq!(query.span.parent_span_id.to_string(), "00f067aa0ba902b7", "{case}");
                }
            }
        }
    }
}

/// Everything below an excluded request belongs to one unsampled trace.
#[test]
fn each_excluded_request_without_a_caller_has_a_trace_of_its_own() {
    for layer in Stack::ALL {
        let nobody = Caller { traceparent: None, baggage: None };
        let (first, _, _) = excluded(layer, nobody);
        let (second, _, _) = excluded(layer, nobody);
        assert_ne!(first[3..35], second[3..35], "{layer:?}");
    }
}
