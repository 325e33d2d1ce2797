//! The program receives OTLP over HTTP and gRPC, keeps what its policies choose, and refuses what it cannot take.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tail_sampler::{Config, Running, start};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig, Protocol};
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};

const SOON: Duration = Duration::from_secs(20);

const CONFIG: &str = "
receivers:
  http: 127.0.0.1:0
  grpc: 127.0.0.1:0
  max_request_bytes: 100000
admin: 127.0.0.1:0
tail_sampling:
  decision_wait: 100ms
  policies:
    - name: errors
      type: status_code
      status_code: {status_codes: [ERROR]}
";

fn request(trace: u128, failed: bool) -> Vec<u8> {
    let span = Span {
        trace_id: trace.to_be_bytes().into(),
        span_id: vec![1; 8],
        name: "work".into(),
        status: failed.then(|| Status { code: 2, ..Status::default() }),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

async fn running(config: &str, exporter: impl Exporter) -> Running {
    start(&Config::from_yaml(config).unwrap(), exporter, None).await.unwrap()
}

fn url(running: &Running, index: usize, path: &str) -> String {
    format!("http://{}{path}", running.addresses()[index])
}

async fn post(
    running: &Running,
    media_type: &str,
    encoding: Option<&str>,
    body: Vec<u8>,
) -> reqwest::Response {
    let request =
        reqwest::Client::new().post(url(running, 0, "/v1/traces")).header("content-type", media_type);
    let request = match encoding {
        Some(encoding) => request.header("content-encoding", encoding),
        None => request,
    };
    request.body(body).send().await.unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn kept(memory: &MemoryExporter) -> Vec<u128> {
    let mut traces: Vec<_> =
        memory.finished().iter().map(|it| u128::from_be_bytes(it.span.trace_id.to_bytes())).collect();
    traces.sort_unstable();
    traces
}

const PROTOBUF: &str = "application/x-protobuf";

#[tokio::test(flavor = "multi_thread")]
async fn http_takes_protobuf_json_and_gzip_and_keeps_errors() {
    let memory = MemoryExporter::new();
    let running = running(CONFIG, memory.clone()).await;
    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000003",
        "spanId":"0000000000000001","name":"work","status":{"code":2}}]}]}]}"#;
    for (media_type, encoding, body) in [
        (PROTOBUF, None, request(1, true)),
        (PROTOBUF, Some("gzip"), gzip(&request(2, true))),
        ("application/json", None, json.into()),
        (PROTOBUF, None, request(4, false)),
    ] {
        assert_eq!(post(&running, media_type, encoding, body).await.status(), 200);
    }
    running.shutdown(SOON).await.unwrap();
    assert_eq!(kept(&memory), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_refused_and_counted() {
    let running = running(CONFIG, MemoryExporter::new()).await;
    for (media_type, encoding, body, status) in [
        ("text/plain", None, request(1, true), 415),
        (PROTOBUF, None, vec![0x0a, 200], 400),
        (PROTOBUF, None, vec![0; 200_000], 413),
        (PROTOBUF, Some("gzip"), gzip(&vec![0; 200_000]), 400),
        (PROTOBUF, Some("gzip"), request(1, true), 400),
        (PROTOBUF, Some("br"), request(1, true), 400),
        ("application/json", None, b"{".to_vec(), 400),
    ] {
        assert_eq!(
            post(&running, media_type, encoding, body).await.status(),
            status,
            "{media_type} {encoding:?}"
        );
    }
    let metrics = reqwest::get(url(&running, 2, "/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("tail_sampler_requests_total{outcome=\"malformed\"} 6"), "{metrics}");
    running.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn our_exporters_reach_it_over_http_and_grpc_with_gzip() {
    let memory = MemoryExporter::new();
    let running = running(CONFIG, memory.clone()).await;
    for (index, protocol, trace) in [(0, Protocol::HttpProtobuf, 1), (1, Protocol::Grpc, 2)] {
        let endpoint = url(&running, index, "");
        tokio::task::spawn_blocking(move || {
            let config = OtlpConfig::new().with_protocol(protocol).with_compression(Compression::Gzip);
            let mut exporter = config.with_endpoint(endpoint).build().unwrap();
            exporter.export(&Batch::new(request(trace, true).into(), 1), Instant::now() + SOON).unwrap();
        })
        .await
        .unwrap();
    }
    running.shutdown(SOON).await.unwrap();
    assert_eq!(kept(&memory), [1, 2]);
}

/// An exporter that blocks until a test releases it.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

impl Exporter for Gate {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        let opened = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(opened, |open| !*open).unwrap());
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_receiver_is_behind_new_spans_are_refused_with_retry_after_and_none_is_lost() {
    let gate = Gate::default();
    let config = format!("{CONFIG}memory:\n  max_queue_bytes: 2000\n").replace("100ms", "1ms");
    let running = running(&config, gate.clone()).await;
    let mut accepted = 0;
    let deadline = Instant::now() + SOON;
    let refused = loop {
        assert!(Instant::now() < deadline, "never busy");
        let response = post(&running, PROTOBUF, None, request(accepted + 1, true)).await;
        if response.status() != 200 {
            break response;
        }
        accepted += 1;
    };
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    let endpoint = url(&running, 1, "");
    let result = tokio::task::spawn_blocking(move || {
        let mut exporter =
            OtlpConfig::new().with_protocol(Protocol::Grpc).with_endpoint(endpoint).build().unwrap();
        exporter.export(&Batch::new(request(1 << 64, true).into(), 1), Instant::now() + SOON)
    });
    let error = result.await.unwrap().unwrap_err();
    assert!(matches!(error, ExportError::Retryable { after: Some(_), .. }), "{error:?}");
    gate.open();
    let control = running.control();
    running.shutdown(SOON).await.unwrap();
    assert_eq!(u128::from(control.stats().exported_spans), accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_live_from_ready_and_a_changed_file_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sampler.yaml");
    std::fs::write(&file, CONFIG).unwrap();
    let memory = MemoryExporter::new();
    let config = Config::read(&file).unwrap();
    let running = start(&config, memory.clone(), Some(file.clone())).await.unwrap();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(reqwest::get(url(&running, 2, path)).await.unwrap().status(), 200);
    }
    let policies = |control: &tail_sampler::Control| control.settings().policies[0].name.clone();
    let control = running.control();
    let metric = |name: &'static str| {
        let url = url(&running, 2, "/metrics");
        async move { reqwest::get(url).await.unwrap().text().await.unwrap().contains(name) }
    };
    let changed = AtomicBool::new(false);
    for (text, name, counted) in [
        (CONFIG.replace("ERROR", "ERR"), "errors", "tail_sampler_failed_reloads_total 1"),
        (CONFIG.replace("name: errors", "name: failed"), "failed", "tail_sampler_reloads_total 1"),
    ] {
        std::fs::write(&file, text).unwrap();
        let deadline = Instant::now() + SOON;
        while !metric(counted).await {
            assert!(Instant::now() < deadline, "{counted}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(policies(&control), name);
        changed.store(true, Ordering::Relaxed);
    }
    assert!(changed.load(Ordering::Relaxed));
    running.shutdown(SOON).await.unwrap();
}
