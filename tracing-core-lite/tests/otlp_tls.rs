//! OTLP over TLS, with HTTP and gRPC: the receiver is authenticated, and the exporter authenticates itself.
//!
//! The certificates in `tests/certificates` were made by `openssl` for these tests and are valid until 2126, except for
//! `expired.pem`, which was valid in 2020.
#![cfg(all(feature = "tls", feature = "otlp-http", feature = "otlp-grpc"))]
#![allow(clippy::unwrap_used)]

mod requests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};
use tracing_core_lite::exporters::otlp::{OtlpConfig, OtlpConfigError, Protocol};
use tracing_core_lite::pipeline::{ExportError, Exported, Exporter as _};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
}

fn acceptor(needs_client: bool, alpn: &[&str]) -> TlsAcceptor {
    acceptor_with("server.pem", "server.key", needs_client, alpn)
}

fn acceptor_with(certificate: &str, key: &str, needs_client: bool, alpn: &[&str]) -> TlsAcceptor {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match needs_client {
        true => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
        ),
        false => builder.with_no_client_auth(),
    };
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file(key)).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = alpn.iter().map(|it| it.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A receiver that accepts everything, over HTTP/1.1 or gRPC, whichever the client chooses.
fn receiver(needs_client: bool, alpn: &'static [&'static str]) -> (u16, tokio::runtime::Runtime) {
    let acceptor = acceptor(needs_client, alpn);
    receiver_with(move || acceptor.clone())
}

/// A receiver that asks for its TLS settings at each connection.
fn receiver_with(acceptor: impl Fn() -> TlsAcceptor + Send + 'static) -> (u16, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => grpc(stream).await,
                    _ => http(stream).await,
                }
            });
        }
    });
    (port, runtime)
}

async fn http(mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>) {
    let mut read = [0; 64 * 1024];
    while stream.read(&mut read).await.is_ok_and(|bytes| bytes > 0) {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    }
}

async fn grpc(stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        assert_eq!(request.uri().scheme_str(), Some("https"));
        let response = http::Response::builder().header("content-type", "application/grpc");
        let mut send = respond.send_response(response.body(()).unwrap(), false).unwrap();
        send.send_data(bytes::Bytes::from_static(&[0; 5]), false).unwrap();
        let trailers = [("grpc-status".parse().unwrap(), "0".parse().unwrap())];
        send.send_trailers(trailers.into_iter().collect()).unwrap();
    }
}

const PROTOCOLS: [Protocol; 2] = [Protocol::HttpProtobuf, Protocol::Grpc];
const BOTH: &[&str] = &["h2", "http/1.1"];

fn config(protocol: Protocol, port: u16) -> OtlpConfig {
    OtlpConfig::new()
        .with_protocol(protocol)
        .with_endpoint(format!("https://localhost:{port}"))
        .with_timeout(Duration::from_secs(5))
}

fn export(config: &OtlpConfig) -> Result<Exported, ExportError> {
    let mut exporter = config.build().unwrap();
    exporter.export(&requests::batch(1), soon())?;
    exporter.export(&requests::batch(1000), soon())
}

#[test]
fn a_receiver_of_a_private_authority_is_trusted_by_its_certificate() {
    let (port, _runtime) = receiver(false, BOTH);
    for protocol in PROTOCOLS {
        let config = config(protocol, port).with_certificate(file("ca.pem"));
        assert_eq!(export(&config), Ok(Exported::default()), "{protocol:?}");
    }
}

#[test]
fn a_receiver_without_a_trusted_certificate_gets_nothing() {
    let (port, _runtime) = receiver(false, BOTH);
    for protocol in PROTOCOLS {
        let error = export(&config(protocol, port)).unwrap_err();
        assert!(matches!(error, ExportError::Retryable { .. }), "{protocol:?}: {error:?}");
        assert!(error.to_string().contains("certificate"), "{protocol:?}: {error}");
        let other_authority = config(protocol, port).with_certificate(file("client.pem"));
        assert!(export(&other_authority).is_err(), "{protocol:?}");
    }
}

#[test]
fn a_receiver_with_an_expired_certificate_gets_nothing_until_it_is_renewed() {
    let expired = acceptor_with("expired.pem", "renewal.key", false, BOTH);
    let renewed = acceptor_with("renewed.pem", "renewal.key", false, BOTH);
    for protocol in PROTOCOLS {
        let is_renewed = Arc::new(AtomicBool::new(false));
        let (expired, renewed, shared) = (expired.clone(), renewed.clone(), Arc::clone(&is_renewed));
        let (port, _runtime) = receiver_with(move || match shared.load(Ordering::SeqCst) {
            false => expired.clone(),
            true => renewed.clone(),
        });
        let config = config(protocol, port).with_certificate(file("renewal-ca.pem"));
        let mut exporter = config.build().unwrap();
        let error = exporter.export(&requests::batch(1), soon()).unwrap_err();
        assert!(matches!(error, ExportError::Retryable { .. }), "{protocol:?}: {error:?}");
        assert!(error.to_string().contains("expired"), "{protocol:?}: {error}");
        is_renewed.store(true, Ordering::SeqCst);
        let exported = exporter.export(&requests::batch(1), soon());
        assert_eq!(exported, Ok(Exported::default()), "{protocol:?}: by the same exporter");
    }
}

#[test]
fn a_client_certificate_is_presented() {
    let (port, _runtime) = receiver(true, BOTH);
    for protocol in PROTOCOLS {
        let config = config(protocol, port).with_certificate(file("ca.pem"));
        assert!(export(&config).is_err(), "{protocol:?}: without a client certificate");
        let config = config.with_client_certificate(file("client.pem")).with_client_key(file("client.key"));
        assert_eq!(export(&config), Ok(Exported::default()), "{protocol:?}");
    }
}

#[test]
fn the_environment_sets_certificates_and_keys() {
    let (port, _runtime) = receiver(true, BOTH);
    let path = |name: &str| file(name).to_str().unwrap().to_owned();
    for (prefix, protocol) in [
        ("OTEL_EXPORTER_OTLP_", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_", "grpc"),
    ] {
        let variables = |name: &str| {
            Some(match name.strip_prefix(prefix)? {
                "ENDPOINT" => format!("https://127.0.0.1:{port}"),
                "PROTOCOL" => protocol.to_owned(),
                "CERTIFICATE" => path("ca.pem"),
                "CLIENT_CERTIFICATE" => path("client.pem"),
                "CLIENT_KEY" => path("client.key"),
                _ => return None,
            })
        };
        let (config, warnings) = OtlpConfig::from_env(&variables);
        assert_eq!(warnings, []);
        assert_eq!(export(&config), Ok(Exported::default()), "{prefix} {protocol}");
    }
}

#[test]
fn grpc_needs_a_receiver_that_offers_http_2() {
    let (port, _runtime) = receiver(false, &["http/1.1"]);
    let error = export(&config(Protocol::Grpc, port).with_certificate(file("ca.pem"))).unwrap_err();
    assert!(matches!(error, ExportError::Retryable { .. }), "{error:?}");
}

#[test]
fn unusable_files_are_typed_errors() {
    for protocol in PROTOCOLS {
        let base = config(protocol, 4318);
        for (name, config) in [
            ("missing", base.clone().with_certificate("/nowhere/ca.pem")),
            ("not a certificate", base.clone().with_certificate(file("client.key"))),
            (
                "missing key",
                base.clone().with_client_certificate(file("client.pem")).with_client_key("/nowhere"),
            ),
            (
                "a key of another certificate",
                base.clone().with_client_certificate(file("client.pem")).with_client_key(file("server.key")),
            ),
        ] {
            let error = config.build().err().unwrap();
            assert!(matches!(error, OtlpConfigError::Certificate { .. }), "{protocol:?} {name}: {error:?}");
        }
        let error = base.with_client_certificate(file("client.pem")).build().err().unwrap();
        assert!(matches!(error, OtlpConfigError::ClientIdentity { missing: "key", .. }), "{error:?}");
    }
}
