//! The shop's orders are traces that hang together and tell what went wrong.
#![allow(clippy::unwrap_used, reason = "what a test cannot do without ends it")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use examples::demo::{OrderKind, Placed, Ports, RunningShop, StartError, problems, root_cause};
use tracing_core_lite::export::{Exporter, Fanout, MemoryExporter, OtlpJsonFile, otlp_json};
use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::span::data::{FinishedSpan, Value};

/// One order of each kind, and every span of the shop.
async fn one_of_each() -> (Vec<Placed>, Vec<FinishedSpan>) {
    let memory = MemoryExporter::new();
    let placed = place_into(|| Box::new(memory.clone())).await;
    (placed, memory.take())
}

async fn place_into(exporter: impl FnMut() -> Box<dyn Exporter>) -> Vec<Placed> {
    let shop = RunningShop::start(Ports::Automatic, exporter).await.unwrap();
    let mut placed = Vec::new();
    for kind in OrderKind::STORY {
        placed.push(shop.customer().clone().place(kind).await);
    }
    shop.stop().await.unwrap();
    placed
}

fn trace_of(kind: OrderKind, placed: &[Placed], spans: &[FinishedSpan]) -> Vec<FinishedSpan> {
    let order = placed.iter().find(|order| order.kind == kind).unwrap();
    let trace: Vec<_> = spans.iter().filter(|it| it.span.trace_id == order.trace_id).cloned().collect();
    assert!(!trace.is_empty(), "{kind:?} left no span");
    trace
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_finds_nothing_wrong() {
    let (placed, spans) = one_of_each().await;
    assert_eq!(problems(&placed, &spans), Vec::<String>::new());
    // The demo's checks are worth something: they notice what is missing.
    let without_auth: Vec<_> = spans.iter().filter(|it| it.service_name() != "auth").cloned().collect();
    let found = problems(&placed, &without_auth);
    assert!(found.iter().any(|it| it.contains("no span of auth")), "{found:?}");
    let without_gateway: Vec<_> = spans.iter().filter(|it| it.service_name() != "gateway").cloned().collect();
    let found = problems(&placed, &without_gateway);
    assert!(found.iter().any(|it| it.contains("orphan")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_one_tree_of_all_services() {
    let (placed, spans) = one_of_each().await;
    for kind in OrderKind::STORY {
        let trace = trace_of(kind, &placed, &spans);
        let services: BTreeSet<&str> = trace.iter().map(FinishedSpan::service_name).collect();
        let all = ["auth", "card-processor", "customer", "gateway", "orders", "payment"];
        assert_eq!(services, BTreeSet::from(all), "{kind:?}");

        let by_id: HashMap<_, _> = trace.iter().map(|it| (it.span.span_id, it)).collect();
        assert_eq!(by_id.len(), trace.len(), "{kind:?}: every span has an id of its own");
        assert_eq!(trace.iter().filter(|it| it.span.is_root()).count(), 1, "{kind:?}");
        for child in trace.iter().filter(|it| !it.span.is_root()) {
            let parent = by_id.get(&child.span.parent_span_id);
            let parent = parent.unwrap_or_else(|| panic!("{kind:?}: {} is an orphan", child.span.name));
            let (outer, inner) = (&parent.span, &child.span);
            assert!(
                outer.start_time_unix_nano <= inner.start_time_unix_nano
                    && inner.end_time_unix_nano <= outer.end_time_unix_nano,
                "{kind:?}: {} of {} is not within {} of {}",
                inner.name,
                child.service_name(),
                outer.name,
                parent.service_name(),
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_and_server_are_two_spans_of_one_call() {
    let (placed, spans) = one_of_each().await;
    let trace = trace_of(OrderKind::Ordinary, &placed, &spans);
    let by_id: HashMap<_, _> = trace.iter().map(|it| (it.span.span_id, it)).collect();
    let mut calls = BTreeSet::new();
    for server in trace.iter().filter(|it| it.span.kind == SpanKind::Server) {
        let client = by_id[&server.span.parent_span_id];
        assert_eq!(client.span.kind, SpanKind::Client, "the parent of {}", server.span.name);
        calls.insert((client.service_name(), server.service_name(), server.span.name.as_str()));
    }
    let expected = [
        ("customer", "gateway", "POST /orders"),
        ("gateway", "auth", "GET /session"),
        ("gateway", "orders", "POST /orders"),
        ("orders", "payment", "POST /payments"),
        ("payment", "card-processor", "POST /v1/charges"),
    ];
    assert_eq!(calls, BTreeSet::from(expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_order_shows_its_root_cause() {
    let (placed, spans) = one_of_each().await;
    let trace = trace_of(OrderKind::Declined, &placed, &spans);
    let cause = root_cause(&trace).unwrap();
    assert_eq!(cause.service, "card-processor");
    assert_eq!(cause.span, "authorize");
    assert_eq!(cause.error, "card declined: insufficient funds");

    // The error is seen at every hop: by each client, and by the work that gave up because of it.
    let failed: BTreeMap<(&str, &str), SpanKind> = trace
        .iter()
        .filter(|it| it.span.is_error())
        .map(|it| ((it.service_name(), it.span.name.as_str()), it.span.kind.clone()))
        .collect();
    for (service, name) in [
        ("card-processor", "authorize"),
        ("payment", "charge card"),
        ("orders", "take payment"),
        ("customer", "place order"),
    ] {
        assert_eq!(failed.get(&(service, name)), Some(&SpanKind::Internal), "{service}: {name}");
    }
    // 402 is the client's affair: no server failed.
    assert!(!failed.values().any(|kind| *kind == SpanKind::Server), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_attempt_is_a_span_that_knows_its_number() {
    let (placed, spans) = one_of_each().await;
    let trace = trace_of(OrderKind::Retried, &placed, &spans);
    let is_attempt = |it: &&FinishedSpan| it.service_name() == "payment" && it.span.kind == SpanKind::Client;
    let mut attempts: Vec<_> = trace.iter().filter(is_attempt).collect();
    attempts.sort_by_key(|it| it.span.start_time_unix_nano);
    let seen: Vec<_> = attempts
        .iter()
        .map(|it| (it.span.int("http.response.status_code"), it.span.int("http.request.resend_count")))
        .collect();
    assert_eq!(seen, [(Some(503), None), (Some(200), Some(1))]);
    assert!(attempts[0].span.is_error() && !attempts[1].span.is_error());
    assert_eq!(attempts[0].span.parent_span_id, attempts[1].span.parent_span_id);

    let charge = trace.iter().find(|it| it.span.name == "charge card").unwrap();
    assert!(!charge.span.is_error(), "the retry went through");
    assert_eq!(charge.span.attribute("error_handled"), Some(&Value::Bool(true)));
    let event = charge.span.events.iter().find(|event| event.name == "exception");
    assert!(event.is_some(), "the error that was handled is an event");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_follows_from_its_order() {
    let (placed, spans) = one_of_each().await;
    let receipts: Vec<_> = spans.iter().filter(|it| it.span.name == "send receipt").collect();
    assert_eq!(receipts.len(), placed.iter().filter(|order| order.outcome.is_ok()).count());
    for receipt in receipts {
        assert!(receipt.span.is_root());
        let [link] = receipt.span.links.as_slice() else { panic!("one link: {:?}", receipt.span.links) };
        assert!(link.is_follows_from());
        let origin = spans.iter().find(|it| it.span.span_id == link.span_id).unwrap();
        assert_eq!(origin.span.trace_id, link.trace_id);
        assert_eq!((origin.service_name(), origin.span.name.as_str()), ("orders", "POST /orders"));
        let begin = receipt.span.start_time_unix_nano;
        assert!(begin >= origin.span.start_time_unix_nano, "nothing follows from what is not yet");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_leaves() {
    let (_, spans) = one_of_each().await;
    let everything = format!("{spans:?}");
    assert!(!everything.contains("token-of-ada"), "the Authorization header was recorded");
    assert!(!everything.contains("card_empty"), "a card was recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_holds_what_memory_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spans.jsonl");
    let (memory, file) = (MemoryExporter::new(), OtlpJsonFile::append(&path).unwrap());
    place_into(|| Box::new(Fanout::new(vec![Box::new(memory.clone()), Box::new(file.clone())]))).await;

    let mut written = Vec::new();
    for line in otlp_json::read(&path).unwrap() {
        written.extend(FinishedSpan::flatten(line.unwrap()));
    }
    let mut kept = memory.take();
    written.sort_by_key(|it| it.span.span_id.to_bytes());
    kept.sort_by_key(|it| it.span.span_id.to_bytes());
    assert_eq!(written.len(), kept.len());
    for (written, kept) in written.iter().zip(&kept) {
        assert_eq!(written, kept);
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let started = RunningShop::start(Ports::From(port), || Box::new(MemoryExporter::new())).await;
    let error = started.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { service: "gateway", .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&port.to_string()) && text.contains("--ports"), "{text}");
}
