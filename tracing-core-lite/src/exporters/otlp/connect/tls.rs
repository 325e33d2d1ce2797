//! TLS to receivers and proxies.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore, crypto};

use super::stream::Io;
use crate::exporters::otlp::config::OtlpConfig;
use crate::exporters::otlp::error::OtlpConfigError;

/// TLS to one server.
pub(super) struct Tls {
    connector: TlsConnector,
    server: ServerName<'static>,
    /// Whether the server must choose HTTP/2.
    requires_h2: bool,
}

impl Tls {
    /// TLS to the receiver `host`, which offers `protocols` (ALPN).
    pub(super) fn to_receiver(
        host: &str,
        config: &OtlpConfig,
        protocol: &'static str,
    ) -> Result<Self, OtlpConfigError> {
        let builder = match &config.certificate {
            Some(path) => trusting(path)?,
            None => trusting_the_system()?,
        };
        let client = match (&config.client_certificate, &config.client_key) {
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate)?;
                let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
                builder.with_client_auth_cert(chain, key_der).map_err(|error| unusable(key, &error))?
            }
            _ => builder.with_no_client_auth(),
        };
        Self::new(host, client, protocol)
    }

    /// TLS to the proxy `host`, whose certificate the operating system must trust.
    pub(super) fn to_proxy(host: &str) -> Result<Self, OtlpConfigError> {
        Self::new(host, trusting_the_system()?.with_no_client_auth(), "http/1.1")
    }

    fn new(host: &str, mut client: ClientConfig, protocol: &'static str) -> Result<Self, OtlpConfigError> {
        client.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let server = ServerName::try_from(host.to_owned())
            .map_err(|_| OtlpConfigError::Endpoint { reason: "TLS cannot use its host name" })?;
        Ok(Self { connector: TlsConnector::from(Arc::new(client)), server, requires_h2: protocol == "h2" })
    }

    pub(super) async fn connect(&self, io: impl Io + 'static) -> io::Result<Box<dyn Io>> {
        let failed = |reason: String| io::Error::other(format!("TLS: {reason}"));
        let stream = self.connector.connect(self.server.clone(), io).await;
        let stream = stream.map_err(|error| failed(error.to_string()))?;
        let chosen = stream.get_ref().1.alpn_protocol();
        if self.requires_h2 && chosen != Some(&b"h2"[..]) {
            return Err(failed("the server does not offer HTTP/2, which gRPC needs".to_owned()));
        }
        Ok(Box::new(stream))
    }
}

type Builder = ConfigBuilder<ClientConfig, WantsClientCert>;

fn trusting(path: &Path) -> Result<Builder, OtlpConfigError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| unusable(path, &error))?;
    }
    Ok(builder()?.with_root_certificates(roots))
}

fn trusting_the_system() -> Result<Builder, OtlpConfigError> {
    builder()?.with_platform_verifier().map_err(|error| start(&error))
}

/// The provider is named so that none needs to be installed for the process.
fn builder() -> Result<ConfigBuilder<ClientConfig, tokio_rustls::rustls::WantsVerifier>, OtlpConfigError> {
    ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| start(&error))
}

/// Reads all certificates of a PEM file.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, OtlpConfigError> {
    let found = CertificateDer::pem_file_iter(path).map_err(|error| unusable(path, &error))?;
    let found: Result<Vec<_>, _> = found.collect();
    let found = found.map_err(|error| unusable(path, &error))?;
    if found.is_empty() {
        return Err(unusable(path, &"it holds no certificate"));
    }
    Ok(found)
}

fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> OtlpConfigError {
    OtlpConfigError::Certificate { path: path.to_owned(), reason: reason.to_string() }
}

fn start(error: &tokio_rustls::rustls::Error) -> OtlpConfigError {
    OtlpConfigError::Start { reason: error.to_string() }
}
