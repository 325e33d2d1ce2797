//! Receivers with TLS, mTLS and a bearer token, over HTTP and gRPC; and the exporter with them.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tail_sampler::{Config, Running, start};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::{Batch, ExportError, Exporter};

const SOON: Duration = Duration::from_secs(20);

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tracing-core-lite/tests/certificates").join(name)
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

fn config(receivers: &str, exporter: &str) -> Config {
    let yaml = format!(
        "receivers: {{http: '127.0.0.1:0', grpc: '127.0.0.1:0'{receivers}}}
exporter: {{{exporter}}}
admin: 127.0.0.1:0
tail_sampling:
  decision_wait: 100ms
  policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}]
"
    );
    Config::from_yaml(&yaml).unwrap()
}

/// Returns the result of one export to a receiver of `running`.
async fn export(running: &Running, protocol: &str, scheme: &str, more: &str) -> Result<(), ExportError> {
    let address = running.addresses()[usize::from(protocol == "grpc")];
    let endpoint = format!("endpoint: '{scheme}://localhost:{}', protocol: {protocol}{more}", address.port());
    let config = config("", &endpoint);
    tokio::task::spawn_blocking(move || {
        config.exporter.build().unwrap().export(&batch(1), Instant::now() + SOON).map(drop)
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_of_authentication_over_each_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "open sesame\n").unwrap();
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "open barley").unwrap();
    let file = |name: &str| certificate(name).display().to_string();
    let server = format!("cert_file: {}, key_file: {}", file("server.pem"), file("server.key"));
    let tls = format!(", tls: {{{server}}}");
    let mtls = format!(", tls: {{{server}, client_ca_file: {}}}", file("ca.pem"));
    let bearer = |path: &Path| format!(", bearer_token: {{file: {}}}", path.display());
    let trusting = format!(", tls: {{ca_file: {}}}", file("ca.pem"));
    let known = format!(
        ", tls: {{ca_file: {}, cert_file: {}, key_file: {}}}",
        file("ca.pem"),
        file("client.pem"),
        file("client.key")
    );
    let both = |one: &str, other: &str| format!("{one}{other}");
    for (receivers, scheme, exporter, succeeds) in [
        (tls.clone(), "https", trusting.clone(), true),
        (tls.clone(), "https", String::new(), false),
        (tls.clone(), "http", String::new(), false),
        (mtls.clone(), "https", known.clone(), true),
        (mtls.clone(), "https", trusting.clone(), false),
        (bearer(&token), "http", bearer(&token), true),
        (bearer(&token), "http", bearer(&wrong), false),
        (bearer(&token), "http", String::new(), false),
        (both(&mtls, &bearer(&token)), "https", both(&known, &bearer(&token)), true),
        (both(&mtls, &bearer(&token)), "https", both(&known, &bearer(&wrong)), false),
    ] {
        let memory = MemoryExporter::new();
        let running = start(&config(&receivers, ""), memory.clone(), None).await.unwrap();
        for protocol in ["http/protobuf", "grpc"] {
            let result = export(&running, protocol, scheme, &exporter).await;
            assert_eq!(result.is_ok(), succeeds, "{receivers} {protocol} {scheme} {exporter}: {result:?}");
        }
        running.shutdown(SOON).await.unwrap();
        assert_eq!(memory.finished().len(), if succeeds { 2 } else { 0 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_and_new_certificates_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, from) in [("cert", "server.pem"), ("key", "server.key")] {
        std::fs::copy(certificate(from), at(name)).unwrap();
    }
    std::fs::write(at("token"), "first").unwrap();
    let receivers = format!(
        ", tls: {{cert_file: {}, key_file: {}}}, bearer_token: {{file: {}}}",
        at("cert").display(),
        at("key").display(),
        at("token").display()
    );
    let running = start(&config(&receivers, ""), MemoryExporter::new(), None).await.unwrap();
    let port = running.addresses()[0].port();
    std::fs::write(at("sent"), "first").unwrap();
    let exporter = format!(
        "endpoint: 'https://localhost:{port}', tls: {{ca_file: {}}}, bearer_token: {{file: {}}}",
        certificate("ca.pem").display(),
        at("sent").display()
    );
    let config = config("", &exporter);
    let (token, sent) = (at("token"), at("sent"));
    let (cert, key) = (at("cert"), at("key"));
    tokio::task::spawn_blocking(move || {
        let mut exporter = config.exporter.build().unwrap();
        let mut succeeds = || exporter.export(&batch(1), Instant::now() + SOON).is_ok();
        assert!(succeeds());
        let until = |what: &str, succeeds: &mut dyn FnMut() -> bool, wanted: bool| {
            let deadline = Instant::now() + SOON;
            while succeeds() != wanted {
                assert!(Instant::now() < deadline, "{what}");
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        std::fs::write(&token, "second").unwrap();
        until("the old token is refused", &mut succeeds, false);
        std::fs::write(&sent, "second").unwrap();
        until("the new token is sent", &mut succeeds, true);
        // Another pair of the same authority.
        std::fs::copy(certificate("client.key"), &key).unwrap();
        std::fs::copy(certificate("client.pem"), &cert).unwrap();
        until("the new certificate is used", &mut || presents("client", port), true);
    })
    .await
    .unwrap();
    running.shutdown(SOON).await.unwrap();
}

/// Returns whether the receiver presents the certificate of this name.
fn presents(name: &str, port: u16) -> bool {
    use std::sync::Arc;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, crypto};
    let read = |file: &str| CertificateDer::from_pem_file(certificate(file)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(read("ca.pem")).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), server).unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return false;
        }
    }
    connection.peer_certificates().is_some_and(|chain| chain.first() == Some(&read(&format!("{name}.pem"))))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_named_and_secrets_are_not_shown() {
    for (receivers, reason) in [
        (", tls: {cert_file: /no/cert, key_file: /no/key}", "/no/key"),
        (", bearer_token: {file: /no/token}", "the secret in /no/token cannot be read"),
        (
            ", bearer_token: {env: NO_SUCH_TOKEN}",
            "there is no secret in the environment variable NO_SUCH_TOKEN",
        ),
    ] {
        let error = start(&config(receivers, ""), MemoryExporter::new(), None).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "open sesame").unwrap();
    let secret = format!("bearer_token: {{file: {}}}", token.display());
    let config = config(&format!(", {secret}"), &secret);
    let running = start(&config, MemoryExporter::new(), None).await.unwrap();
    assert!(!format!("{config:?} {running:?}").contains("sesame"));
    running.shutdown(SOON).await.unwrap();
    for yaml in ["bearer_token: sesame", "bearer_token: {text: sesame}"] {
        let error =
            Config::from_yaml(&format!("exporter: {{{yaml}}}\ntail_sampling: {{policies: []}}")).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
