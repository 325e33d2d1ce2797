//! One trace across the boundary to another language, in both directions: Python's grpcio with OpenTelemetry's
//! instrumentation, which `integration-tests/python/grpc_interop` runs. PyPI is needed once.

#![allow(clippy::unwrap_used)]

mod service;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use opentelemetry::trace::SpanKind;
use serde_json::Value;
use service::proto::stock_client::StockClient;
use service::{Shelf, ending, item};
use tonic::transport::{Endpoint, Server};
use tower_layer::Layer;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

/// How long pip may take.
const INSTALLATION: Duration = Duration::from_secs(240);
/// How long one run of the peer may take.
const RUN: Duration = Duration::from_secs(40);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../integration-tests/python/grpc_interop")
}

/// Waits for a process, and ends it when it takes too long.
fn finish(child: &mut Child, limit: Duration, what: &str) {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{what} failed");
            return;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{what} took more than {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A Python with what the peer needs, made once for each list of requirements.
fn python() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grpc-interop-venv");
    let python = venv.join("bin/python");
    let requirements = folder().join("requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).unwrap();
    let installed = venv.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let run = |command: &mut Command, what: &str| match command.spawn() {
        Ok(mut child) => finish(&mut child, INSTALLATION, what),
        Err(error) => panic!("{what} could not start: {error}"),
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), "python3 -m venv");
    let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(&python).args(options).arg(requirements), "pip install (PyPI is needed)");
    std::fs::write(installed, wanted).unwrap();
    python
}

fn peer(python: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(python);
    command.arg(folder().join("peer.py")).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// The spans that the peer has printed.
fn peer_spans(mut child: Child, mut output: impl Read) -> Vec<Value> {
    drop(child.stdin.take());
    finish(&mut child, RUN, "peer.py");
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

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

/// Trace and `id` of the peer's spans of `kind`.
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
    let python = python();
    python_calls(&python).await;
    python_is_called(&python).await;
}

async fn python_calls(python: &Path) {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider());
    let port = service::serve(Server::builder().layer(layer), Shelf::default()).await;
    let mut child = peer(python, &["client", &format!("127.0.0.1:{port}")]);
    let output = child.stdout.take().unwrap();
    let theirs = peer_spans(child, output);
    let _all = spans.wait_for(3);
    let ours = of_kind(&spans, &SpanKind::Server);
    assert_eq!(endings(&ours), ENDINGS);
    let order = theirs.iter().find(|span| span["name"] == "order").unwrap();
    let servers: Vec<_> =
        ours.iter().map(|span| (span.trace_id.to_string(), span.parent_span_id.to_string())).collect();
    assert_one_trace(order["trace_id"].as_str().unwrap(), &of_peer(&theirs, "CLIENT", "span_id"), &servers);
}

async fn python_is_called(python: &Path) {
    let mut child = peer(python, &["server"]);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut port = String::new();
    output.read_line(&mut port).unwrap();
    let spans = TestSpans::new();
    let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{}", port.trim())).unwrap().timeout(RUN);
    let layer = ClientLayer::new().with_provider(spans.provider()).endpoint(&endpoint);
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
    let theirs = peer_spans(child, output);
    let ours = of_kind(&spans, &SpanKind::Client);
    assert_eq!(endings(&ours), ENDINGS);
    let callers: Vec<_> =
        ours.iter().map(|span| (span.trace_id.to_string(), span.span_id.to_string())).collect();
    assert_one_trace(&trace_id, &callers, &of_peer(&theirs, "SERVER", "parent"));
}
