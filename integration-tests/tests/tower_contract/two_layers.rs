//! Several layers on one request make one trace. A span around the accept loop is never the parent of a request.

use std::sync::Arc;

use tower::Service;
use tower::util::BoxService;
use tracing_core_lite::Context;
use tracing_core_lite::opentelemetry::baggage::BaggageExt;
use tracing_core_lite::opentelemetry::{KeyValue, trace::SpanId};
use tracing_core_lite::testing::TestSpans;

use crate::stack::{
    Caller, Outer, Plan, SAMPLED, Shared, Stack, UNSAMPLED, around, call_to_the_end, span_of_layer, stack,
};

const SERVERS: [Stack; 2] = [Stack::HttpServer, Stack::GrpcServer];

/// One server layer around another.
fn nested(outer: Stack, inner: Stack, outer_plan: &Plan, spans: &TestSpans, seen: &Shared) -> Outer {
    let within = stack(inner, &Plan::default(), spans, seen);
    around(outer, outer_plan, spans, &Shared::default(), within)
}

#[test]
fn the_inner_layer_makes_a_child_of_the_outer_ones_span() {
    for (outer, inner) in SERVERS.into_iter().flat_map(|outer| SERVERS.map(|inner| (outer, inner))) {
        for traceparent in [None, Some(SAMPLED)] {
            let case = format!("{outer:?} around {inner:?}, {traceparent:?}");
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let mut service = nested(outer, inner, &Plan::default(), &spans, &seen);
            call_to_the_end(outer, Caller { traceparent, baggage: None }, &mut service);
            let all = spans.finished();
            assert_eq!(all.len(), 3, "{case}: {all:?}");
            let query = spans.one("query");
            let of = |id: SpanId| all.iter().find(|it| it.span.span_id == id).unwrap();
            let inner_span = of(query.parent_span_id);
            let outer_span = of(inner_span.span.parent_span_id);
            let parent = outer_span.span.parent_span_id;
            match traceparent {
                None => assert_eq!(parent, SpanId::INVALID, "{case}"),
                Some(header) => assert_eq!(parent.to_string(), header[36..52], "{case}"),
            }
        }
    }
}

#[test]
fn what_the_outer_layer_excludes_or_does_not_sample_the_inner_one_does_not_record() {
    for (outer, inner) in SERVERS.into_iter().flat_map(|outer| SERVERS.map(|inner| (outer, inner))) {
        for (traceparent, excludes) in [(None, true), (Some(UNSAMPLED), true), (Some(UNSAMPLED), false)] {
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let plan = Plan { excludes, ..Plan::default() };
            let mut service = nested(outer, inner, &plan, &spans, &seen);
            call_to_the_end(outer, Caller { traceparent, baggage: None }, &mut service);
            assert_eq!(spans.finished().len(), 0, "{outer:?} around {inner:?}, {traceparent:?}");
        }
    }
}

/// Starts a span of its own around the service, as middleware may.
fn middleware(spans: &TestSpans, mut service: Outer) -> Outer {
    let tracer = spans.tracer();
    BoxService::new(tower::service_fn(move |request| {
        let span = tracer.span("middleware").start();
        let context = span.in_context(&Context::current());
        let response = {
            let _current = context.clone().attach();
            service.call(request)
        };
        tracing_core_lite::context::FutureExt::in_context(
            async move {
                let _span = span;
                response.await
            },
            context,
        )
    }))
}

#[test]
fn a_deeper_span_of_the_same_request_is_the_parent() {
    for server in SERVERS {
        for traceparent in [None, Some(SAMPLED)] {
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let within = middleware(&spans, stack(server, &Plan::default(), &spans, &seen));
            let mut service = around(server, &Plan::default(), &spans, &Shared::default(), within);
            call_to_the_end(server, Caller { traceparent, baggage: None }, &mut service);
            let (query, middle) = (spans.one("query"), spans.one("middleware"));
            let all = spans.finished();
            let inner = all.iter().find(|it| it.span.span_id == query.parent_span_id).unwrap();
            assert_eq!(inner.span.parent_span_id, middle.span_id, "{server:?}, {traceparent:?}");
        }
    }
}

#[test]
fn a_server_that_runs_inside_a_span_does_not_make_it_the_parent_of_its_requests() {
    for server in SERVERS {
        for traceparent in [None, Some(SAMPLED), Some(UNSAMPLED)] {
            let case = format!("{server:?}, {traceparent:?}");
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let accept_loop = spans.tracer().span("accept loop").start();
            let context = accept_loop.in_context(&Context::new());
            {
                let _current = context.attach();
                let mut service = stack(server, &Plan::default(), &spans, &seen);
                call_to_the_end(server, Caller { traceparent, baggage: None }, &mut service);
                call_to_the_end(server, Caller { traceparent, baggage: None }, &mut service);
            }
            let requests: Vec<_> =
                spans.finished().into_iter().filter(|it| it.span.name != "query").collect();
            match traceparent {
                Some(UNSAMPLED) => assert_eq!(requests.len(), 0, "{case}"),
                Some(header) => {
                    assert!(requests.iter().all(|it| it.span.parent_span_id.to_string() == header[36..52]));
                }
                None => {
                    assert_eq!(requests.len(), 2, "{case}");
                    assert!(requests.iter().all(|it| it.span.is_root()), "{case}: {requests:?}");
                    assert_ne!(requests[0].span.trace_id, requests[1].span.trace_id, "{case}");
                }
            }
            let ids: Vec<_> = requests.iter().map(|it| it.span.trace_id).collect();
            assert!(!ids.contains(&accept_loop.span_context().trace_id()), "{case}");
        }
    }
}

#[test]
fn values_and_baggage_of_outer_middleware_are_kept() {
    #[derive(Debug, PartialEq)]
    struct Tenant(&'static str);
    for server in SERVERS {
        for baggage in [None, Some("tenant=from-the-caller,region=north")] {
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let value = Arc::new(std::sync::Mutex::new(None));
            let found = Arc::clone(&value);
            let within = stack(server, &Plan::default(), &spans, &seen);
            let within = tower::util::MapRequest::new(within, move |request| {
                *found.lock().unwrap() = Context::current().get::<Tenant>().map(|Tenant(name)| *name);
                request
            });
            let mut service = around(server, &Plan::default(), &spans, &Shared::default(), within);
            let context =
                Context::new().with_value(Tenant("acme")).with_baggage([KeyValue::new("tenant", "checked")]);
            let _current = context.attach();
            call_to_the_end(server, Caller { traceparent: None, baggage }, &mut service);
            assert_eq!(*value.lock().unwrap(), Some("acme"), "{server:?}");
            let seen = seen.lock().unwrap();
            let sent = seen.outgoing["baggage"].to_str().unwrap();
            assert!(sent.contains("tenant=checked"), "{server:?}: {sent}");
            assert_eq!(sent.contains("region=north"), baggage.is_some(), "{server:?}: {sent}");
        }
    }
}

/// The context of a request ends with it.
#[test]
fn nothing_of_a_request_is_left_for_the_next_one() {
    for server in SERVERS {
        let (spans, seen) = (TestSpans::new(), Shared::default());
        let mut service = stack(server, &Plan::default(), &spans, &seen);
        let caller = Caller { traceparent: Some(SAMPLED), baggage: Some("tenant=acme") };
        call_to_the_end(server, caller, &mut service);
        call_to_the_end(server, Caller { traceparent: Some(UNSAMPLED), baggage: None }, &mut service);
        assert!(!seen.lock().unwrap().outgoing.contains_key("baggage"), "{server:?}");
        span_of_layer(&spans);
    }
}
