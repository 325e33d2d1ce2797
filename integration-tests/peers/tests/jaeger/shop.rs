//! Jaeger's query API shows the shop's traces with the right services, operations, parents, references and errors, and its
//! dependency graph is that of the shop.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use examples::demo::{OrderKind, Ports, RunningShop, is_complete};
use peer_tests::{Jaeger, until};
use serde_json::Value;
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::{OtlpConfig, Protocol};
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceId};
use tracing_core_lite::pipeline::{Exporter, Fanout};
use tracing_core_lite::span::data::FinishedSpan;

/// Places one order of each kind, and returns the spans that Jaeger should have.
async fn place_orders(jaeger: &Jaeger) -> Vec<FinishedSpan> {
    let memory = MemoryExporter::new();
    let protocol = Protocol::Grpc;
    let config = OtlpConfig::new().with_protocol(protocol).with_endpoint(jaeger.endpoint(protocol));
    let exporter = || -> Box<dyn Exporter> {
        let otlp = config.build().expect("a valid configuration");
        Box::new(Fanout::new(vec![Box::new(memory.clone()), otlp]))
    };
    let shop = RunningShop::start(Ports::Automatic, exporter).await.expect("the shop starts");
    let mut placed = Vec::new();
    for kind in OrderKind::STORY {
        placed.push(shop.customer().clone().place(kind).await);
    }
    shop.settle(|| is_complete(&placed, &memory.finished())).await;
    shop.stop().await.expect("every span is exported");
    memory.take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_query_api_shows_the_shop() {
    let jaeger = Jaeger::start();
    let spans = place_orders(&jaeger).await;
    let traces: HashSet<TraceId> = spans.iter().map(|it| it.span.trace_id).collect();
    for id in &traces {
        let sent: Vec<&FinishedSpan> = spans.iter().filter(|it| it.span.trace_id == *id).collect();
        let path = format!("/api/traces/{id}");
        until("the whole trace is stored", || {
            jaeger.query(&path)["data"][0]["spans"]
                .as_array()
                .is_some_and(|stored| stored.len() == sent.len())
        });
        let trace = &jaeger.query(&path)["data"][0];
        for it in sent {
            assert_eq!(shown(trace, it.span.span_id), expected(it), "{}", it.span.name);
        }
    }
    services_and_operations(&jaeger, &spans);
    dependencies(&jaeger, &spans);
}

/// A span as the query API shows it.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    service: String,
    operation: String,
    kind: Option<String>,
    is_error: bool,
    /// The type of each reference, with its trace and span.
    references: BTreeSet<(String, String, String)>,
}

fn shown(trace: &Value, id: SpanId) -> Shown {
    let spans = trace["spans"].as_array().map_or(&[][..], Vec::as_slice);
    let span = spans.iter().find(|span| span["spanID"] == id.to_string()).expect("the span is stored");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tag = |key: &str| {
        let tags = span["tags"].as_array().into_iter().flatten();
        tags.filter(|tag| tag["key"] == key).map(|tag| tag["value"].clone()).next()
    };
    let references = span["references"].as_array().into_iter().flatten();
    Shown {
        service: text(&trace["processes"][text(&span["processID"])]["serviceName"]),
        operation: text(&span["operationName"]),
        kind: tag("span.kind").map(|kind| text(&kind)),
        is_error: tag("error") == Some(true.into()),
        references: references
            .map(|it| (text(&it["refType"]), text(&it["traceID"]), text(&it["spanID"])))
            .collect(),
    }
}

fn expected(it: &FinishedSpan) -> Shown {
    let span = &it.span;
    let mut references = BTreeSet::new();
    for link in &span.links {
        references.insert(("FOLLOWS_FROM".to_owned(), link.trace_id.to_string(), link.span_id.to_string()));
    }
    // Jaeger shows one reference to a span, also when it is both the parent and linked.
    if !span.is_root() && span.links.iter().all(|link| link.span_id != span.parent_span_id) {
        references.insert((
            "CHILD_OF".to_owned(),
            span.trace_id.to_string(),
            span.parent_span_id.to_string(),
        ));
    }
    Shown {
        service: it.service_name().to_owned(),
        operation: span.name.clone(),
        kind: Some(format!("{:?}", span.kind).to_lowercase()),
        is_error: span.is_error(),
        references,
    }
}

fn services_and_operations(jaeger: &Jaeger, spans: &[FinishedSpan]) {
    let mut operations: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for it in spans {
        operations.entry(it.service_name()).or_default().insert(&it.span.name);
    }
    let listed = jaeger.query("/api/services");
    let listed: BTreeSet<&str> = texts(&listed["data"]);
    assert_eq!(listed, operations.keys().copied().collect());
    for (service, expected) in operations {
        let listed = jaeger.query(&format!("/api/services/{service}/operations"));
        assert_eq!(texts(&listed["data"]), expected, "{service}");
    }
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A call is a span whose parent is of another service.
fn dependencies(jaeger: &Jaeger, spans: &[FinishedSpan]) {
    let service: HashMap<(TraceId, SpanId), &str> =
        spans.iter().map(|it| ((it.span.trace_id, it.span.span_id), it.service_name())).collect();
    let mut expected: BTreeMap<(String, String), u64> = BTreeMap::new();
    for it in spans {
        let Some(caller) = service.get(&(it.span.trace_id, it.span.parent_span_id)) else { continue };
        if *caller != it.service_name() {
            *expected.entry(((*caller).to_owned(), it.service_name().to_owned())).or_default() += 1;
        }
    }
    let end = spans.iter().map(|it| it.span.end_time_unix_nano).max().unwrap_or_default() / 1_000_000 + 1000;
    let found = jaeger.query(&format!("/api/dependencies?endTs={end}&lookback=3600000"));
    let found: BTreeMap<(String, String), u64> = found["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
            ((text("parent"), text("child")), it["callCount"].as_u64().unwrap_or_default())
        })
        // Jaeger's storage in memory also counts the spans within a service.
        .filter(|((caller, callee), _)| caller != callee)
        .collect();
    assert!(expected.contains_key(&("gateway".to_owned(), "orders".to_owned())), "{expected:?}");
    assert_eq!(found, expected);
}
