//! RPC spans: one trace across the network, one end for each call, and the names of the conventions.
#![cfg(all(feature = "rpc", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Poll, Waker};

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue};
use tracing_core_lite::InstrumentationScope;
use tracing_core_lite::rpc::{Call, Client, Conventions, Failure, RpcSpan, Server};
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;

const METHOD: &str = "shop.Prices/get";

type Headers = HashMap<String, String>;

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("test").build()
}

fn client(spans: &TestSpans) -> Client {
    Client::new("thrift", scope()).with_server("prices.internal", 9090).with_provider(spans.provider())
}

fn server(spans: &TestSpans) -> Server {
    Server::new("thrift", scope()).with_provider(spans.provider())
}

fn last(spans: &TestSpans) -> SpanData {
    spans.finished().pop().unwrap().span
}

#[test]
fn both_sides_are_in_one_trace() {
    let spans = TestSpans::new();
    let mut headers = Headers::new();
    let outgoing = client(&spans).start(&Call::new(METHOD), &mut headers);
    let incoming = server(&spans).start(&Call::new(METHOD), &headers);
    spans.tracer().span("query").with_parent(incoming.context()).start().end();
    incoming.succeed_with("OK");
    outgoing.succeed_with("OK");
    spans.assert_tree(
        "
        shop.Prices/get
          shop.Prices/get
            query
        ",
    );
    let [query, incoming, outgoing] = spans.finished().try_into().unwrap();
    assert_eq!((&incoming.span.kind, &outgoing.span.kind), (&SpanKind::Server, &SpanKind::Client));
    assert!(!query.span.is_error());
    for (key, value) in [
        ("rpc.system.name", "thrift"),
        ("rpc.method", METHOD),
        ("rpc.response.status_code", "OK"),
        ("server.address", "prices.internal"),
    ] {
        assert_eq!(outgoing.span.text(key), Some(value), "{key}");
    }
    assert_eq!(outgoing.span.int("server.port"), Some(9090));
    assert_eq!(incoming.span.text("server.address"), None);
}

#[test]
fn baggage_reaches_the_server_and_its_own_values_stay() {
    #[derive(Debug, PartialEq)]
    struct Tenant(u32);
    let spans = TestSpans::new();
    let mut headers = Headers::new();
    let caller = Context::new().with_baggage([KeyValue::new("tier", "gold")]);
    let outgoing = client(&spans).start(&Call::new(METHOD).with_parent(&caller), &mut headers);
    let here = Context::new().with_value(Tenant(7));
    let incoming = server(&spans).start(&Call::new(METHOD).with_parent(&here), &headers);
    assert_eq!(incoming.context().get(), Some(&Tenant(7)));
    assert_eq!(incoming.context().baggage().get("tier").map(|value| value.as_str()), Some("gold"));
    incoming.succeed();
    outgoing.succeed();
}

#[test]
fn a_span_around_the_accept_loop_is_not_the_parent() {
    let spans = TestSpans::new();
    let accepting = spans.tracer().span("accept").start();
    let context = accepting.in_context(&Context::new());
    let mut headers = Headers::new();
    let outgoing = client(&spans).start(&Call::new(METHOD).with_parent(&Context::new()), &mut headers);
    for (headers, parent) in [(headers, Some(outgoing.span_context().span_id())), (Headers::new(), None)] {
        let _attached = context.clone().attach();
        server(&spans).start(&Call::new(METHOD), &headers).succeed();
        let span = last(&spans);
        assert_ne!(span.trace_id, accepting.span_context().trace_id());
        assert_eq!(Some(span.parent_span_id).filter(|id| *id != opentelemetry::SpanId::INVALID), parent);
    }
}

#[test]
fn a_span_of_an_outer_layer_is_the_parent() {
    let spans = TestSpans::new();
    let mut headers = Headers::new();
    let outgoing = client(&spans).start(&Call::new(METHOD), &mut headers);
    let outer = server(&spans).start(&Call::new("outer"), &headers);
    server(&spans).start(&Call::new("inner").with_parent(outer.context()), &headers).succeed();
    assert_eq!(last(&spans).parent_span_id, outer.span_context().span_id());
    outer.succeed();
    outgoing.succeed();
}

#[test]
fn an_unsampled_call_travels_unsampled() {
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
    let spans = TestSpans::new();
    let (trace, span) = (TraceId::from(7), SpanId::from(0x4711));
    let parent = SpanContext::new(trace, span, TraceFlags::NOT_SAMPLED, true, TraceState::NONE);
    let parent = Context::new().with_remote_span_context(parent);
    let mut headers = Headers::new();
    let outgoing = client(&spans).start(&Call::new(METHOD).with_parent(&parent), &mut headers);
    let traceparent = headers["traceparent"].clone();
    assert!(traceparent.ends_with("-00") && !traceparent.contains(&span.to_string()), "{traceparent}");
    server(&spans).start(&Call::new(METHOD), &headers).succeed();
    outgoing.succeed();
    assert!(spans.finished().is_empty());
}

/// The rows of the table in the documentation.
#[test]
fn a_call_ends_once_and_each_end_has_its_record() {
    let failure = Failure::from_status_code("NO_SUCH_PRICE");
    /// A name, an end, its `error.type`, whether client and server failed, and its event.
    type Row = (&'static str, fn(RpcSpan), Option<&'static str>, [bool; 2], Option<&'static str>);
    let ends: [Row; 6] = [
        ("success", RpcSpan::succeed, None, [false, false], None),
        ("failure", |span| span.fail(&Failure::new("timeout")), Some("timeout"), [true, true], None),
        (
            "of the caller",
            |span| span.fail(&Failure::from_status_code("BAD_KEY").caused_by_caller()),
            Some("BAD_KEY"),
            [true, false],
            None,
        ),
        ("drop", drop, Some("cancelled"), [true, false], Some("cancelled")),
        ("cancel", RpcSpan::cancel, Some("cancelled"), [true, false], Some("cancelled")),
        (
            "panic",
            |span| {
                let _caught = catch_unwind(AssertUnwindSafe(|| {
                    let _span = span;
                    panic!("as the test wants");
                }));
            },
            Some("panic"),
            [true, true],
            Some("exception"),
        ),
    ];
    for (name, end, error_type, is_error, event) in ends {
        let spans = TestSpans::new();
        let mut headers = Headers::new();
        end(client(&spans).start(&Call::new(METHOD), &mut headers));
        end(server(&spans).start(&Call::new(METHOD), &headers));
        let finished = spans.finished();
        assert_eq!(finished.len(), 2, "{name}");
        for (it, is_error) in finished.iter().zip(is_error) {
            assert_eq!((it.span.text("error.type"), it.span.is_error()), (error_type, is_error), "{name}");
            let events: Vec<_> = it.span.events.iter().map(|event| event.name.as_str()).collect();
            assert_eq!(events, event.into_iter().collect::<Vec<_>>(), "{name}");
        }
    }
    let spans = TestSpans::new();
    client(&spans)
        .start(&Call::new(METHOD), &mut Headers::new())
        .fail(&failure.with_description("no price for this article"));
    let span = last(&spans);
    assert_eq!(span.text("rpc.response.status_code"), Some("NO_SUCH_PRICE"));
    assert_eq!(span.status, StatusData::Error("no price for this article".to_owned()));
}

#[test]
fn work_that_panics_is_a_failure_even_if_the_executor_catches_the_panic() {
    let spans = TestSpans::new();
    let span = client(&spans).start(&Call::new(METHOD), &mut Headers::new());
    let work = async { panic!("as the test wants") };
    let mut running = Box::pin(span.run(work, |(), span| span.succeed()));
    let mut cx = std::task::Context::from_waker(Waker::noop());
    assert!(catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(&mut cx))).is_err());
    // Dropped when the thread is no longer panicking.
    drop(running);
    let span = last(&spans);
    assert_eq!((span.text("error.type"), span.is_error()), (Some("panic"), true));
    assert_eq!(span.events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["exception"]);
}

#[test]
fn work_runs_in_the_context_of_the_call() {
    let spans = TestSpans::new();
    let span = client(&spans).start(&Call::new(METHOD), &mut Headers::new());
    let tracer = spans.tracer();
    let work = async { tracer.span("encode").start().end() };
    let mut running = Box::pin(span.run(work, |(), span| span.succeed()));
    let mut cx = std::task::Context::from_waker(Waker::noop());
    assert_eq!(running.as_mut().poll(&mut cx), Poll::Ready(()));
    spans.assert_tree(
        "
        shop.Prices/get
          encode
        ",
    );
}

#[test]
fn a_method_that_the_server_does_not_know_names_no_span() {
    let spans = TestSpans::new();
    let name = "ä".repeat(200);
    server(&spans).start(&Call::unknown(&name), &Headers::new()).succeed();
    let span = last(&spans);
    assert_eq!((span.name.as_str(), span.text("rpc.method")), ("thrift", Some("_OTHER")));
    assert_eq!(span.text("rpc.method_original"), Some("ä".repeat(128).as_str()));
}

#[test]
fn names_of_the_conventions() {
    for (conventions, expected) in [
        (Conventions::Stable, [Some("thrift"), None, None, Some(METHOD)]),
        (Conventions::Old, [None, Some("thrift"), Some("shop.Prices"), Some("get")]),
        (Conventions::Both, [Some("thrift"), Some("thrift"), Some("shop.Prices"), Some(METHOD)]),
    ] {
        let spans = TestSpans::new();
        let peer = "[::1]:50000".parse().unwrap();
        let call = Call::new(METHOD).with_peer(peer);
        server(&spans).with_conventions(conventions).start(&call, &Headers::new()).succeed();
        let span = last(&spans);
        let keys = ["rpc.system.name", "rpc.system", "rpc.service", "rpc.method"];
        assert_eq!(keys.map(|key| span.text(key)), expected, "{conventions:?}");
        assert_eq!(span.text("network.peer.address"), Some("::1"));
        assert_eq!(span.int("network.peer.port"), Some(50_000));
    }
}
