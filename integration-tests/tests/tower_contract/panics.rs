//! A panic ends the span once, as an error, and continues to unwind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing_core_lite::Context;
use tracing_core_lite::opentelemetry::trace::TraceContextExt;
use tracing_core_lite::testing::TestSpans;

use crate::stack::{
    NOBODY, Place, Plan, Shared, Stack, call_to_the_end, error_type, is_unset, span_of_layer, stack,
};

#[test]
fn a_panic_of_a_hook_of_the_service_or_of_its_body() {
    for layer in Stack::ALL {
        for place in [Place::OnRequest, Place::OnResponse, Place::Call, Place::Future, Place::Body] {
            let case = format!("{layer:?}, {place:?}");
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let mut service = stack(layer, &Plan { panics: place, ..Plan::default() }, &spans, &seen);
            let outcome = catch_unwind(AssertUnwindSafe(|| call_to_the_end(layer, NOBODY, &mut service)));
            assert!(outcome.is_err(), "{case}: the panic goes on");
            let span = span_of_layer(&spans);
            assert_eq!(error_type(&span), Some("panic"), "{case}");
            assert!(!is_unset(&span) && span.text("tracing_suite.outcome").is_none(), "{case}");
            assert!(!Context::current().has_active_span(), "{case}: nothing stays attached");
        }
    }
}

/// A destructor may make a call while another panic unwinds.
#[test]
fn a_call_within_the_panic_of_another_did_not_panic() {
    struct CallsWhenDropped(Stack, TestSpans);
    impl Drop for CallsWhenDropped {
        fn drop(&mut self) {
            let mut service = stack(self.0, &Plan::default(), &self.1, &Shared::default());
            call_to_the_end(self.0, NOBODY, &mut service);
        }
    }
    for layer in Stack::ALL {
        let spans = TestSpans::new();
        let call = CallsWhenDropped(layer, spans.clone());
        let outcome = catch_unwind(AssertUnwindSafe(move || {
            let _call = call;
            panic!("as the test wants");
        }));
        assert!(outcome.is_err());
        assert!(is_unset(&span_of_layer(&spans)), "{layer:?}");
    }
}
