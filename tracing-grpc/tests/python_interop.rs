//! One trace across two languages, in both directions: Python's grpcio with OpenTelemetry's instrumentation, which
//! `integration-tests/python/grpc_interop` runs. The first run needs PyPI.

#![allow(clippy::unwrap_used)]

#[path = "../../integration-tests/python/peer.rs"]
mod peer;
mod support;

use std::time::Duration;

use opentelemetry::trace::SpanKind;
use peer::Peer;
use serde_json::Value;
use support::proto::stock_client::StockClient;
use support::{Shelf, ending, item};
use tonic::transport::{Endpoint, Server};
use tower_layer::Layer;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

/// The peer, in the folder of the Python programs.
const PROGRAM: &str = "grpc_interop/peer.py";
/// The timeout of a call.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Checks that each call of `callers` was served by one of `servers`, in the trace `trace_id`.
fn assert_one_trace(trace_id: &str, callers: &[(String, String)], servers: &[(String, String)]) {
    assert_eq!((callers.len(), servers.len()), (3, 3));
    for (trace, _) in callers.iter().chain(servers) {
        assert_eq!(trace, trace_id);
    }
    for (_, caller) in callers {
        assert!(servers.iter().any(|(_, parent)| parent == caller), "no server span below {caller}");
    }
}

/// Returns the trace and the `id` of the peer's spans of `kind`.
fn of_peer(spans: &[Value], kind: &str, id: &str) -> Vec<(String, String)> {
    let text = |span: &Value, key: &str| span[key].as_str().unwrap().to_owned();
    spans
        .iter()
        .filter(|span| span["kind"] == kind)
        .map(|span| (text(span, "trace_id"), text(span, id)))
        .collect()
}

fn of_kind(spans: &TestSpans, kind: &SpanKind) -> Vec<SpanData> {
    spans.finished().into_iter().map(|finished| finished.span).filter(|span| span.kind == *kind).collect()
}

fn endings(spans: &[SpanData]) -> Vec<(&str, Option<&str>)> {
    let mut endings: Vec<_> = spans.iter().map(|span| (span.name.as_str(), ending(span).0)).collect();
    endings.sort_unstable();
    endings
}

const ENDINGS: [(&str, Option<&str>); 3] = [
    ("shop.v1.Stock/Check", Some("NOT_FOUND")),
    ("shop.v1.Stock/Check", Some("OK")),
    ("shop.v1.Stock/Watch", Some("INTERNAL")),
];

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_in_both_directions() {
    python_calls().await;
    python_is_called().await;
}

async fn python_calls() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider());
    let port = support::serve(Server::builder().layer(layer), Shelf::default()).await;
    let theirs = Peer::start(PROGRAM, &["client", &format!("127.0.0.1:{port}")]).spans();
    let _all = spans.wait_for(3);
    let ours = of_kind(&spans, &SpanKind::Server);
    assert_eq!(endings(&ours), ENDINGS);
    let order = theirs.iter().find(|span| span["name"] == "order").unwrap();
    let servers: Vec<_> =
        ours.iter().map(|span| (span.trace_id.to_string(), span.parent_span_id.to_string())).collect();
    assert_one_trace(order["trace_id"].as_str().unwrap(), &of_peer(&theirs, "CLIENT", "span_id"), &servers);
}

async fn python_is_called() {
    let mut server = Peer::start(PROGRAM, &["server"]);
    let port = server.line();
    let spans = TestSpans::new();
    let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{}", port)).unwrap().timeout(TIMEOUT);
    let layer = ClientLayer::new().with_provider(spans.provider()).with_endpoint(&endpoint);
    let mut client = StockClient::new(layer.layer(endpoint.connect_lazy()));
    let order = spans.tracer().span("order").start();
    let trace_id = order.span_context().trace_id().to_string();
    async {
        client.check(item("A-7")).await.unwrap();
        client.check(item("missing")).await.unwrap_err();
        let mut levels = client.watch(item("broken")).await.unwrap().into_inner();
        while levels.message().await.is_ok() {}
    }
    .in_context(order.in_context(&tracing_core_lite::Context::new()))
    .await;
    order.end();
    drop(client);
    let theirs = server.spans();
    let ours = of_kind(&spans, &SpanKind::Client);
    assert_eq!(endings(&ours), ENDINGS);
    let callers: Vec<_> =
        ours.iter().map(|span| (span.trace_id.to_string(), span.span_id.to_string())).collect();
    assert_one_trace(&trace_id, &callers, &of_peer(&theirs, "SERVER", "parent"));
}
