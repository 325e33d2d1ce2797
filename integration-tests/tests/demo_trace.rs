//! The traces of the shop's orders are complete, and show what went wrong.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use examples::demo::{OrderKind, Placed, Ports, RunningShop, StartError, is_complete, problems, root_cause};
use tracing_core_lite::exporters::{MemoryExporter, OtlpJsonFile, otlp_json};
use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::pipeline::{Exporter, Fanout};
use tracing_core_lite::span::data::{AnyValue, FinishedSpan};

/// Places one order of each kind, and returns them with all spans of the shop.
async fn one_of_each() -> (Vec<Placed>, Vec<FinishedSpan>) {
    let memory = MemoryExporter::new();
    let placed = place_into(&memory, || Box::new(memory.clone())).await;
    (placed, memory.take())
}

/// Places one order of each kind. `memory` receives all spans, among the exporters that `exporter` returns, and tells when the
/// messages that follow the orders are sent.
async fn place_into(memory: &MemoryExporter, exporter: impl FnMut() -> Box<dyn Exporter>) -> Vec<Placed> {
    let shop = RunningShop::start(Ports::Automatic, exporter).await.unwrap();
    let mut placed = Vec::new();
    for kind in OrderKind::STORY {
        placed.push(shop.customer().clone().place(kind).await);
    }
    shop.settle(|| is_complete(&placed, &memory.finished())).await;
    shop.stop().await.unwrap();
    placed
}

fn trace_of(kind: OrderKind, placed: &[Placed], spans: &[FinishedSpan]) -> Vec<FinishedSpan> {
    let order = placed.iter().find(|order| order.kind == kind).unwrap();
    let trace: Vec<_> = spans.iter().filter(|it| it.span.trace_id == order.trace_id).cloned().collect();
    assert!(!trace.is_empty(), "{kind:?} has no span");
    trace
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_finds_no_problem_and_notices_each_missing_span() {
    let (placed, spans) = one_of_each().await;
    assert_eq!(problems(&placed, &spans), Vec::<String>::new());
    // The demo's checks notice what is missing.
    let is = |it: &FinishedSpan, key: &str, value: &str| it.span.text(key) == Some(value);
    type Missing<'a> = &'a dyn Fn(&FinishedSpan) -> bool;
    let cases: [(&str, Missing<'_>, &str); 9] = [
        ("auth", &|it| it.service_name() == "auth", "auth has no span"),
        ("inventory", &|it| it.service_name() == "inventory", "inventory has no span"),
        ("the gateway", &|it| it.service_name() == "gateway", "orphan"),
        (
            "hits",
            &|it| it.span.attribute("tracing_suite.cache.hit") == Some(&AnyValue::Bool(true)),
            "no cache miss, then hit",
        ),
        ("the slow query", &|it| it.span.name.starts_with("SELECT movements"), "no slow query"),
        ("the slow service", &|it| is(it, "service.peer.name", "card-processor"), "no slow service"),
        ("attempts", &|it| it.span.int("http.request.resend_count").is_some(), "no retry"),
        ("the rollback", &|it| is(it, "tracing_suite.db.transaction.outcome", "rolled_back"), "no rollback"),
        ("the late call", &|it| is(it, "error.type", "DEADLINE_EXCEEDED"), "no deadline exceeded"),
    ];
    for (what, is_missing, expected) in cases {
        let without: Vec<_> = spans.iter().filter(|it| !is_missing(it)).cloned().collect();
        let found = problems(&placed, &without);
        assert!(found.iter().any(|it| it.contains(expected)), "without {what}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redaction_changes_nothing_in_the_shop() {
    let (_, spans) = one_of_each().await;
    let changed: Vec<_> = spans.iter().filter(|it| format!("{it:?}").contains("REDACTED")).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_one_tree_of_all_services() {
    let (placed, spans) = one_of_each().await;
    for kind in OrderKind::STORY {
        let trace = trace_of(kind, &placed, &spans);
        let services: BTreeSet<&str> = trace.iter().map(FinishedSpan::service_name).collect();
        let mut all = BTreeSet::from(["auth", "customer", "gateway", "inventory", "orders"]);
        if kind.succeeds() {
            all.insert("notification");
        }
        if kind != OrderKind::OutOfStock {
            all.insert("payment");
        }
        assert_eq!(services, all, "{kind:?}");

        let by_id: HashMap<_, _> = trace.iter().map(|it| (it.span.span_id, it)).collect();
        assert_eq!(by_id.len(), trace.len(), "{kind:?}: every span has an id of its own");
        assert_eq!(trace.iter().filter(|it| it.span.is_root()).count(), 1, "{kind:?}");
        for child in trace.iter().filter(|it| !it.span.is_root()) {
            let parent = by_id.get(&child.span.parent_span_id);
            let parent = parent.unwrap_or_else(|| panic!("{kind:?}: {} is an orphan", child.span.name));
            let (outer, inner) = (&parent.span, &child.span);
            // A callee notices a moment later that its caller stopped waiting, and no span waits for one that follows it.
            let follows = inner.links.iter().any(|it| it.is_follows_from() && it.span_id == outer.span_id);
            let may_end_late = kind == OrderKind::Late || follows;
            assert!(
                outer.start_time_unix_nano <= inner.start_time_unix_nano
                    && (may_end_late || inner.end_time_unix_nano <= outer.end_time_unix_nano),
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
        ("orders", "inventory", "shop.Inventory/Reserve"),
        ("orders", "payment", "shop.Payment/Charge"),
    ];
    assert_eq!(calls, BTreeSet::from(expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_order_shows_its_root_cause() {
    let (placed, spans) = one_of_each().await;
    let trace = trace_of(OrderKind::Declined, &placed, &spans);
    let cause = root_cause(&trace).unwrap();
    assert_eq!(cause.service, "payment");
    assert_eq!(cause.span, "POST /v1/charges");
    assert_eq!(cause.error, "402");

    // Every hop records the error: each client, and the work that failed because of it.
    let failed: BTreeMap<(&str, &str), SpanKind> = trace
        .iter()
        .filter(|it| it.span.is_error())
        .map(|it| ((it.service_name(), it.span.name.as_str()), it.span.kind.clone()))
        .collect();
    for (service, name) in
        [("payment", "charge card"), ("orders", "take payment"), ("customer", "place order")]
    {
        assert_eq!(failed.get(&(service, name)), Some(&SpanKind::Internal), "{service}: {name}");
    }
    // 402 is an error of the client, so no server has failed.
    assert!(!failed.values().any(|kind| *kind == SpanKind::Server), "{failed:?}");
}

/// The card processor belongs to another company: it gets a pseudonym for each call, and no baggage. The shop finds the call
/// behind a pseudonym by the attribute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_processor_gets_a_pseudonym() {
    let (_, spans) = one_of_each().await;
    let calls: HashMap<_, _> = spans
        .iter()
        .filter(|it| it.span.text("service.peer.name") == Some("card-processor"))
        .map(|it| (it.span.text("tracing_suite.boundary.pseudonym.trace_id").unwrap(), it))
        .collect();
    let servers: Vec<_> = spans
        .iter()
        .filter(|it| it.service_name() == "card-processor" && it.span.kind == SpanKind::Server)
        .collect();
    assert!(servers.len() > 5, "{}", servers.len());
    assert_eq!(calls.len(), servers.len(), "each call has a pseudonym of its own");
    for server in servers {
        let call = calls[server.span.trace_id.to_string().as_str()];
        let sent = call.span.text("tracing_suite.boundary.pseudonym.span_id");
        assert_eq!(sent, Some(server.span.parent_span_id.to_string().as_str()));
        assert_ne!(call.span.trace_id, server.span.trace_id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attempt_is_a_span_with_its_number() {
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
    assert!(!charge.span.is_error(), "the retry succeeded");
    assert_eq!(charge.span.attribute("error_handled"), Some(&AnyValue::Bool(true)));
    let event = charge.span.events.iter().find(|event| event.name == "exception");
    assert!(event.is_some(), "the handled error is an event");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_is_loaded_once() {
    let (placed, spans) = one_of_each().await;
    let mut known = BTreeSet::new();
    for kind in OrderKind::STORY {
        let trace = trace_of(kind, &placed, &spans);
        for look_up in trace.iter().filter(|it| it.span.name == "get_or_load prices") {
            let item = look_up.span.text("tracing_suite.cache.key").unwrap().to_owned();
            let loads = trace.iter().filter(|it| it.span.parent_span_id == look_up.span.span_id).count();
            let is_new = known.insert(item.clone());
            assert_eq!(
                look_up.span.attribute("tracing_suite.cache.hit"),
                Some(&AnyValue::Bool(!is_new)),
                "{kind:?}: {item}"
            );
            assert_eq!(loads, usize::from(is_new), "{kind:?}: {item}");
        }
    }
    assert!(known.len() >= 4, "{known:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_out_of_stock_is_rolled_back() {
    let (placed, spans) = one_of_each().await;
    let trace = trace_of(OrderKind::OutOfStock, &placed, &spans);
    let transaction = trace.iter().find(|it| it.span.name.starts_with("transaction ")).unwrap();
    assert_eq!(transaction.span.text("tracing_suite.db.transaction.outcome"), Some("rolled_back"));
    let mut within: Vec<_> =
        trace.iter().filter(|it| it.span.parent_span_id == transaction.span.span_id).collect();
    within.sort_by_key(|it| it.span.start_time_unix_nano);
    let seen: Vec<_> = within.iter().map(|it| (it.span.name.as_str(), it.span.is_error())).collect();
    let expected = [("BEGIN", false), ("UPDATE stock", false), ("UPDATE stock", true), ("ROLLBACK", false)];
    assert_eq!(seen, expected);
    // The stream had begun, so its status is in the trailers. Too small a stock is not a failure of the server.
    let sides: Vec<_> = trace.iter().filter(|it| it.span.name == "shop.Inventory/Reserve").collect();
    assert_eq!(sides.len(), 2);
    for side in sides {
        assert_eq!(side.span.text("rpc.response.status_code"), Some("FAILED_PRECONDITION"));
        assert_eq!(side.span.is_error(), side.span.kind == SpanKind::Client);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_ends_the_work_of_every_service() {
    let (placed, spans) = one_of_each().await;
    let trace = trace_of(OrderKind::Late, &placed, &spans);
    let sides: BTreeMap<_, _> = trace
        .iter()
        .filter(|it| it.span.name == "shop.Payment/Charge")
        .map(|it| (it.service_name(), it.span.text("rpc.response.status_code")))
        .collect();
    assert_eq!(sides["orders"], Some("DEADLINE_EXCEEDED"));
    // On a busy machine the call reaches payment late, and the caller cancels it before payment's own deadline expires.
    assert!(matches!(sides["payment"], Some("DEADLINE_EXCEEDED" | "CANCELLED")), "{sides:?}");
    // Without the deadline, the card processor would take ten seconds.
    let cancelled = trace.iter().filter(|it| {
        let is_http = it.span.attribute("http.request.method").is_some();
        is_http && it.span.text("tracing_suite.outcome") == Some("cancelled")
    });
    let cancelled: BTreeSet<_> =
        cancelled.map(|it| (it.service_name(), it.span.kind.clone() as i32)).collect();
    let expected = [("payment", SpanKind::Client as i32)];
    assert_eq!(cancelled, BTreeSet::from(expected));
    let cause = root_cause(&trace).unwrap();
    assert_eq!((cause.span.as_str(), cause.error.as_str()), ("shop.Payment/Charge", "DEADLINE_EXCEEDED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_no_request_waits_for_follows_from_its_order() {
    let (placed, spans) = one_of_each().await;
    let by_id: HashMap<_, _> = spans.iter().map(|it| (it.span.span_id, it)).collect();
    let jobs: Vec<_> =
        spans.iter().filter(|it| ["send email", "send sms"].contains(&it.span.name.as_str())).collect();
    let accepted = placed.iter().filter(|order| order.outcome.is_ok()).count();
    // One SMS is tried twice, another three times.
    assert_eq!(jobs.len(), 2 * accepted + 3);
    for job in jobs {
        assert!(job.span.is_root());
        let [link] = job.span.links.as_slice() else { panic!("one link: {:?}", job.span.links) };
        assert!(link.is_follows_from());
        let origin = by_id[&link.span_id];
        assert_eq!(origin.span.trace_id, link.trace_id);
        let origin_name = (origin.service_name(), origin.span.name.as_str());
        let is_tried_again = origin_name == ("notification", "send sms") && origin.span.is_error();
        assert!(
            origin_name == ("notification", "process orders.created") || is_tried_again,
            "{origin_name:?}"
        );
        let begin = job.span.start_time_unix_nano;
        assert!(begin >= origin.span.start_time_unix_nano, "a span starts after the one it follows");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_processed_in_the_trace_of_its_order() {
    let (placed, spans) = one_of_each().await;
    for order in placed.iter().filter(|order| order.outcome.is_ok()) {
        let of_order = |name: &str| {
            let is_meant = |it: &&FinishedSpan| it.span.trace_id == order.trace_id && it.span.name == name;
            spans.iter().find(is_meant).unwrap_or_else(|| panic!("{:?}: no {name}", order.kind))
        };
        let (sent, processed) = (of_order("send orders.created"), of_order("process orders.created"));
        assert_eq!((sent.service_name(), processed.service_name()), ("orders", "notification"));
        assert_eq!(processed.span.parent_span_id, sent.span.span_id);
        assert!(
            processed.span.links.iter().any(|it| it.is_follows_from() && it.span_id == sent.span.span_id)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_recorded() {
    let (_, spans) = one_of_each().await;
    let everything = format!("{spans:?}");
    assert!(!everything.contains("token-of-ada"), "the Authorization header was recorded");
    for secret in ["card_empty", "card_good", "card_busy", "555-01", "@example.com"] {
        assert!(!everything.contains(secret), "{secret} was recorded");
    }
    assert!(!everything.contains("'new'"), "a literal of a query was recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_has_the_same_spans_as_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spans.jsonl");
    let (memory, file) = (MemoryExporter::new(), OtlpJsonFile::append(&path).unwrap());
    let both =
        || Box::new(Fanout::new(vec![Box::new(memory.clone()), Box::new(file.clone())])) as Box<dyn Exporter>;
    place_into(&memory, both).await;

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
