//! The program serves Jaeger's remote sampling response with the rates of its adaptive state.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tail_sampler::{Config, Running, start};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_sampling::config::jaeger::{JaegerRemote, Strategy};

const SOON: Duration = Duration::from_secs(30);

fn config(folder: &std::path::Path) -> Config {
    let yaml = format!(
        "receivers: {{http: '127.0.0.1:0', grpc: '127.0.0.1:0'}}
adaptive:
  endpoint: 127.0.0.1:0
  interval_seconds: 1
  rates: {{base: 0.2, errors: 0.9, deployment: 0.5}}
  first_seen_file: '{}'
tail_sampling:
  decision_wait: 100ms
  policies: [{{name: all, type: always_sample}}]
",
        folder.join("first-seen.json").display()
    );
    Config::from_yaml(&yaml).unwrap()
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value.into())) });
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

/// A hundred requests of the service `orders`, of which some fail. Each stands for two.
fn requests(failed: u64) -> Vec<u8> {
    let span = |number: u64| Span {
        trace_id: [number.to_be_bytes(), [7; 8]].concat(),
        span_id: vec![1; 8],
        kind: 2,
        trace_state: "ot=th:8".into(),
        status: (number < failed).then(|| Status { code: 2, ..Status::default() }),
        ..Span::default()
    };
    let attributes = vec![text("service.name", "orders"), text("service.version", "1.4.0")];
    let resource = Some(Resource { attributes, ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans: (0..100).map(span).collect(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

async fn send(running: &Running, failed: u64) {
    let url = format!("http://{}/v1/traces", running.addresses()[0]);
    let request = reqwest::Client::new().post(url).header("content-type", "application/x-protobuf");
    assert_eq!(request.body(requests(failed)).send().await.unwrap().status(), 200);
}

async fn get(running: &Running, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{}{path}", running.addresses()[2])).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn rate(running: &Running, service: &str) -> f64 {
    let (status, text) = get(running, &format!("/sampling?service={service}")).await;
    assert_eq!(status, 200);
    match Strategy::from_response(&text).unwrap() {
        Strategy::Probabilistic(rate) => rate,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_raise_the_rate_that_services_ask_for() {
    let folder = tempfile::tempdir().unwrap();
    let known = r#"{"orders":{"1.4.0":1700000000}}"#;
    std::fs::write(folder.path().join("first-seen.json"), known).unwrap();
    let running = start(&config(folder.path()), MemoryExporter::new(), None).await.unwrap();
    assert_eq!(rate(&running, "orders").await, 0.2);
    assert_eq!(get(&running, "/sampling").await.0, 400, "without a service");

    let url = format!("http://{}/sampling", running.addresses()[2]);
    let ours = tokio::task::spawn_blocking(move || {
        let builder = JaegerRemote::builder("orders").with_endpoint(url);
        builder.with_polling_interval(Duration::from_millis(100)).start().unwrap()
    });
    let ours = ours.await.unwrap();
    let deadline = Instant::now() + SOON;
    // The rate rises step by step.
    while rate(&running, "orders").await < 0.89 {
        assert!(Instant::now() < deadline, "{}", get(&running, "/sampling/states").await.1);
        send(&running, 20).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    while ours.status().strategy != Some(Strategy::Probabilistic(0.9)) {
        assert!(Instant::now() < deadline, "{:?}", ours.status());
        send(&running, 20).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let states = get(&running, "/sampling/states").await.1;
    assert!(states.contains("orders") && states.contains("rrors"), "{states}");
    assert_eq!(rate(&running, "stock").await, 0.2, "nothing was received from it");
    let (status, age) = get(&running, "/version-age?service=orders&version=1.4.0").await;
    assert!(status == 200 && age.starts_with("{\"seconds\":") && age.len() > 18, "{status} {age}");
    running.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_new_raises_the_rate_and_its_age_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&config(folder.path()), MemoryExporter::new(), None).await.unwrap();
    let deadline = Instant::now() + SOON;
    while rate(&running, "orders").await < 0.49 {
        assert!(Instant::now() < deadline, "{}", get(&running, "/sampling/states").await.1);
        send(&running, 0).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (status, age) = get(&running, "/version-age?service=orders&version=1.4.0").await;
    assert_eq!(status, 200, "{age}");
    running.shutdown(SOON).await.unwrap();
    let file = std::fs::read_to_string(folder.path().join("first-seen.json")).unwrap();
    assert!(file.contains("1.4.0"), "{file}");
}

#[test]
fn a_rate_that_is_no_share_is_an_error_with_its_line() {
    let yaml =
        "adaptive:\n  rates: {base: 2}\ntail_sampling:\n  policies: [{name: all, type: always_sample}]\n";
    let error = Config::from_yaml(yaml).unwrap_err();
    assert_eq!(error.line, 2, "{error}");
    assert!(error.to_string().contains("from 0 to 1"), "{error}");
}
