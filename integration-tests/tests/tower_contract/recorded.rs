//! A call that runs to its end is recorded once, and its context is current where code of the service runs.

use tracing_core_lite::SpanContext;
use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::testing::TestSpans;

use crate::stack::{
    Caller, NOBODY, Plan, SAMPLED, Shared, Stack, call, call_to_the_end, drive, is_unset, span_of_layer,
    stack,
};

#[test]
fn one_span_with_the_caller_as_its_parent() {
    for layer in Stack::ALL {
        let (spans, seen) = (TestSpans::new(), Shared::default());
        let caller = Caller { traceparent: Some(SAMPLED), baggage: Some("tenant=acme") };
        call_to_the_end(layer, caller, &mut stack(layer, &Plan::default(), &spans, &seen));
        let span = span_of_layer(&spans);
        assert!(is_unset(&span), "{layer:?}");
        let kind = if layer.is_client() { SpanKind::Client } else { SpanKind::Server };
        assert_eq!(span.kind, kind);
        assert_eq!(span.trace_id.to_string(), SAMPLED[3..35], "{layer:?}");
        assert_eq!(span.parent_span_id.to_string(), SAMPLED[36..52], "{layer:?}");
        let seen = seen.lock().unwrap();
        assert_eq!(seen.hooks, 2, "{layer:?}");
        assert_eq!(seen.in_future, Some(span.span_id), "{layer:?}");
        // A client's body is read, not produced.
        let in_body = if layer.is_client() { SpanContext::NONE.span_id() } else { span.span_id };
        assert_eq!(seen.in_body, Some(in_body), "{layer:?}");
        let sent = seen.outgoing["traceparent"].to_str().unwrap();
        assert_eq!(sent[36..52], span.span_id.to_string(), "{layer:?}");
        assert_eq!(seen.outgoing["baggage"], "tenant=acme", "{layer:?}");
        let query = spans.one("query");
        assert_eq!(query.parent_span_id, span.span_id, "{layer:?}");
    }
}

#[test]
fn an_upgrade_ends_with_its_head() {
    for layer in [Stack::HttpServer, Stack::HttpClient] {
        let (spans, seen) = (TestSpans::new(), Shared::default());
        let mut service = stack(layer, &Plan { status: 101, ..Plan::default() }, &spans, &seen);
        let Ok(response) = drive(call(layer, NOBODY, &mut service));
        let span = span_of_layer(&spans);
        assert_eq!(span.int("http.response.status_code"), Some(101), "{layer:?}");
        drop(response);
        span_of_layer(&spans);
    }
}
