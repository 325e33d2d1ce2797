//! The settings of an OTLP exporter.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::endpoint::{Endpoint, MissingScheme, Url};
use super::error::OtlpConfigError;
use super::headers::Headers;
use super::protocol::{Compression, Protocol};

/// Where spans are sent by OTLP, and how.
///
/// Nothing is checked before [`build`](Self::build). `Debug` shows neither the values of headers nor passwords.
/// Source: OpenTelemetry Protocol Exporter specification.
///
/// ```
/// use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig};
///
/// let config = OtlpConfig::new()
///     .with_endpoint("http://collector:4318")
///     .with_header("x-tenant", "shop")
///     .with_compression(Compression::Gzip);
/// assert_eq!(config.traces_url().unwrap(), "http://collector:4318/v1/traces");
/// ```
#[derive(Debug, Clone)]
pub struct OtlpConfig {
    pub(super) protocol: Protocol,
    pub(super) endpoint: Endpoint,
    pub(super) missing_scheme: MissingScheme,
    pub(super) headers: Headers,
    pub(super) timeout: Duration,
    pub(super) compression: Compression,
    pub(super) certificate: Option<PathBuf>,
    pub(super) client_certificate: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
}

impl OtlpConfig {
    /// The timeout of one attempt unless another is set: 10 s.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

    /// Returns the defaults: HTTP/protobuf to `http://localhost:4318/v1/traces`, uncompressed, 10 s per attempt.
    #[must_use]
    pub fn new() -> Self {
        Self {
            protocol: Protocol::default(),
            endpoint: Endpoint::Default,
            missing_scheme: MissingScheme::Refused,
            headers: Headers::default(),
            timeout: Self::DEFAULT_TIMEOUT,
            compression: Compression::default(),
            certificate: None,
            client_certificate: None,
            client_key: None,
        }
    }

    /// Sets the transport and encoding.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sets the base URL of the receiver. Over HTTP, `v1/traces` is appended to its path.
    ///
    /// Over gRPC, the scheme may be missing: it is then `http` for this machine and `https` for any other.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Endpoint::Base(url.into());
        self
    }

    /// Sets the URL that traces are posted to. Nothing is appended to it.
    #[must_use]
    pub fn with_traces_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Endpoint::Exact(url.into());
        self
    }

    /// Adds a header (over gRPC: metadata) to every request. It replaces one of the same name.
    ///
    /// The exporter sets the headers that describe the body and its framing itself, such as `content-type`.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.set(name.into(), value.into());
        self
    }

    /// Sets how long one attempt may take. Zero means that only the deadline of the export thread counts.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the compression of requests.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Trusts the certificates in this PEM file instead of those of the operating system.
    #[must_use]
    pub fn with_certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificate = Some(path.into());
        self
    }

    /// Presents the certificate chain in this PEM file to the receiver (mTLS). It needs a
    /// [key](Self::with_client_key).
    #[must_use]
    pub fn with_client_certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_certificate = Some(path.into());
        self
    }

    /// Sets the PEM file with the private key of the [client certificate](Self::with_client_certificate).
    #[must_use]
    pub fn with_client_key(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_key = Some(path.into());
        self
    }

    /// Sets whether a gRPC endpoint without a scheme (`host:port`) is reached without TLS.
    #[must_use]
    pub fn with_insecure(mut self, insecure: bool) -> Self {
        self.missing_scheme = if insecure { MissingScheme::Insecure } else { MissingScheme::Refused };
        self
    }

    /// Returns the protocol.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Returns the URL that traces are sent to, without credentials.
    ///
    /// # Errors
    /// [`OtlpConfigError::Endpoint`] if the endpoint is not a URL with scheme `http` or `https`.
    pub fn traces_url(&self) -> Result<String, OtlpConfigError> {
        self.url().map(|url| url.without_credentials())
    }

    pub(super) fn url(&self) -> Result<Url, OtlpConfigError> {
        let missing_scheme = match (self.protocol, self.missing_scheme) {
            (Protocol::Grpc, MissingScheme::Refused) => MissingScheme::Guessed,
            // The setting "insecure" is for gRPC alone.
            (Protocol::HttpProtobuf | Protocol::HttpJson, MissingScheme::Insecure) => MissingScheme::Guessed,
            (_, missing_scheme) => missing_scheme,
        };
        self.endpoint.url(self.protocol, missing_scheme)
    }

    /// Returns the time for one attempt, `None` when none is left.
    pub(super) fn time_left(timeout: Duration, deadline: Instant) -> Option<Duration> {
        // Timers count in units that a longer time would overflow.
        const LONGEST: Duration = Duration::from_secs(3600);
        let left = deadline.saturating_duration_since(Instant::now()).min(LONGEST);
        let left = if timeout.is_zero() { left } else { left.min(timeout) };
        (!left.is_zero()).then_some(left)
    }

    /// Checks what does not depend on the transport.
    pub(super) fn check(&self) -> Result<(), OtlpConfigError> {
        let url = self.url()?;
        let needs = |missing: bool, wanted, feature| match missing {
            true => Err(OtlpConfigError::Feature { wanted, feature }),
            false => Ok(()),
        };
        needs(url.is_https() && cfg!(not(feature = "tls")), "an OTLP endpoint with https", "tls")?;
        let gzip = self.compression == Compression::Gzip;
        needs(gzip && cfg!(not(feature = "gzip")), "compression with gzip", "gzip")?;
        let json = self.protocol == Protocol::HttpJson;
        needs(json && cfg!(not(feature = "otlp-json")), "OTLP with JSON", "otlp-json")?;
        // Without TLS, certificates and keys have no meaning.
        match (&self.client_certificate, &self.client_key) {
            _ if !url.is_https() => {}
            (Some(_), None) => {
                return Err(OtlpConfigError::ClientIdentity { given: "certificate", missing: "key" });
            }
            (None, Some(_)) => {
                return Err(OtlpConfigError::ClientIdentity { given: "key", missing: "certificate" });
            }
            _ => {}
        }
        self.headers.check()
    }
}

impl Default for OtlpConfig {
    fn default() -> Self {
        Self::new()
    }
}
