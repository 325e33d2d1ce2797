//! The consumer group over TLS, with each mechanism of SASL and with client certificates, on the real broker.
#![cfg(feature = "kafka-tls")]
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tail_sampler::{Config, start};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::{Batch, Exporter};
use tracing_kafka::exporter::KafkaExporter;
use tracing_kafka::{SaslMechanism, Security};

const SOON: Duration = Duration::from_secs(60);

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set. `cargo xtask test` starts a broker and sets it; by hand: `cargo xtask services kafka`")
    })
}

fn file(name: &str) -> PathBuf {
    Path::new(&variable("KAFKA_TLS_FOLDER")).join(name)
}

fn batch(trace: u128) -> Batch {
    let span = Span {
        trace_id: trace.to_be_bytes().into(),
        span_id: vec![1; 8],
        status: Some(Status { code: 2, ..Status::default() }),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    Batch::new(ExportTraceServiceRequest { resource_spans }.encode_to_vec().into(), 1)
}

async fn topic(name: &str) -> String {
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let name = format!("{name}-{}-{run:x}", std::process::id());
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", variable("KAFKA_BROKERS"));
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let topic = NewTopic::new(&name, 2, TopicReplication::Fixed(1));
    admin.create_topics([&topic], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
    name
}

fn yaml(brokers: &str, topic: &str, security: &str) -> String {
    format!(
        "kafka: {{brokers: '{brokers}', topic: {topic}, group: {topic}, idle_after: 100ms, {security}}}
tail_sampling:
  decision_wait: 100ms
  policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}]
"
    )
}

/// Writes a trace with our exporter, and waits until the sampler has kept it.
async fn passes(brokers: &str, security: &str, exporter: Security) {
    let topic = topic("secured").await;
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", brokers);
    let mut exporter = KafkaExporter::create_secured(&client, &topic, exporter).unwrap();
    exporter.export(&batch(7), Instant::now() + SOON).unwrap();
    let memory = MemoryExporter::new();
    let config = Config::from_yaml(&yaml(brokers, &topic, security)).unwrap();
    let running = start(&config, memory.clone(), None).await.unwrap();
    let deadline = Instant::now() + SOON;
    while memory.finished().is_empty() {
        assert!(Instant::now() < deadline, "nothing was kept with {security}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mechanism_and_client_certificates() {
    let (ca, password) = (file("ca.pem"), file("password"));
    for (name, mechanism) in [
        ("PLAIN", SaslMechanism::Plain),
        ("SCRAM-SHA-256", SaslMechanism::ScramSha256),
        ("SCRAM-SHA-512", SaslMechanism::ScramSha512),
    ] {
        let security = format!(
            "tls: {{ca_file: {}}}, sasl: {{mechanism: {name}, username: shop, password: {{file: {}}}}}",
            ca.display(),
            password.display()
        );
        let exporter =
            Security::new().with_ca_file(&ca).with_sasl(mechanism, "shop").with_password_file(&password);
        passes(&variable("KAFKA_SASL_BROKERS"), &security, exporter).await;
    }
    let (certificate, key) = (file("client.pem"), file("client.key"));
    let security = format!(
        "tls: {{ca_file: {}, cert_file: {}, key_file: {}}}",
        ca.display(),
        certificate.display(),
        key.display()
    );
    let exporter = Security::new().with_ca_file(&ca).with_client_certificate(&certificate, &key);
    passes(&variable("KAFKA_MTLS_BROKERS"), &security, exporter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_password_needs_no_restart() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "wrong").unwrap();
    let topic = topic("corrected").await;
    let security = format!(
        "tls: {{ca_file: {}}}, sasl: {{mechanism: SCRAM-SHA-256, username: shop, password: {{file: {}}}}}",
        file("ca.pem").display(),
        password.display()
    );
    let config = Config::from_yaml(&yaml(&variable("KAFKA_SASL_BROKERS"), &topic, &security)).unwrap();
    let memory = MemoryExporter::new();
    let running = start(&config, memory.clone(), None).await.unwrap();
    let security = Security::new()
        .with_ca_file(file("ca.pem"))
        .with_sasl(SaslMechanism::ScramSha256, "shop")
        .with_password_file(&password);
    let (memory_of_export, written) = (memory.clone(), topic.clone());
    tokio::task::spawn_blocking(move || {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", variable("KAFKA_SASL_BROKERS"));
        let mut exporter = KafkaExporter::create_secured(&client, &written, security).unwrap();
        let refused = exporter.export(&batch(7), Instant::now() + Duration::from_secs(3));
        assert!(refused.is_err(), "{refused:?}");
        assert!(memory_of_export.finished().is_empty());
        std::fs::copy(file("password"), &password).unwrap();
        let deadline = Instant::now() + SOON;
        while let Err(error) = exporter.export(&batch(7), Instant::now() + Duration::from_secs(2)) {
            assert!(Instant::now() < deadline, "{error}");
        }
    })
    .await
    .unwrap();
    let deadline = Instant::now() + SOON;
    while memory.finished().is_empty() {
        assert!(Instant::now() < deadline, "the sampler does not read the topic");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.shutdown(SOON).await.unwrap();
}
