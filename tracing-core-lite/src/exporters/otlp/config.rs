//! Where OTLP goes, and how.

use std::path::PathBuf;
use std::time::Duration;
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
use std::time::Instant;

use super::endpoint::{Endpoint, Url};
use super::headers::Headers;
use super::{OtlpConfigError, env};
use crate::pipeline::Exporter;

/// The transport and encoding of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC (`grpc`); feature `otlp-grpc`. Port 4317 by default.
    Grpc,
    /// HTTP with protobuf bodies (`http/protobuf`); feature `otlp-http`. Port 4318 by default.
    #[default]
    HttpProtobuf,
    /// HTTP with JSON bodies (`http/json`); features `otlp-http` and `otlp-json`. Port 4318 by default.
    HttpJson,
}

/// Compression of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// None.
    #[default]
    None,
    /// gzip; feature `gzip`.
    Gzip,
}

/// Says where spans are sent by OTLP, and how.
///
/// Nothing is checked before [`build`](Self::build). `Debug` shows neither the values of headers nor passwords.
/// Source: OpenTelemetry Protocol Exporter specification.
#[derive(Debug, Clone)]
pub struct OtlpConfig {
    pub(super) protocol: Protocol,
    pub(super) endpoint: Endpoint,
    pub(super) headers: Headers,
    pub(super) timeout: Duration,
    pub(super) compression: Compression,
    pub(super) certificate: Option<PathBuf>,
    pub(super) insecure: bool,
}

impl OtlpConfig {
    /// The timeout of one attempt unless another is set: 10 s.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

    /// HTTP/protobuf to `http://localhost:4318/v1/traces`, uncompressed, 10 s per attempt.
    #[must_use]
    pub fn new() -> Self {
        Self {
            protocol: Protocol::default(),
            endpoint: Endpoint::Default,
            headers: Headers::default(),
            timeout: Self::DEFAULT_TIMEOUT,
            compression: Compression::default(),
            certificate: None,
            insecure: false,
        }
    }

    /// As [`new`](Self::new), changed by the process's environment.
    ///
    /// Read are `OTEL_EXPORTER_OTLP_` followed by `ENDPOINT`, `HEADERS`, `TIMEOUT` (ms), `PROTOCOL` (`grpc`,
    /// `http/protobuf`, `http/json`), `COMPRESSION` (`none`, `gzip`), `CERTIFICATE` (path of a PEM file) and
    /// `INSECURE` (gRPC endpoints without a scheme), each also as `OTEL_EXPORTER_OTLP_TRACES_…`, which wins. An empty
    /// variable is an unset one.
    ///
    /// # Errors
    /// [`OtlpConfigError::Variable`] for a value that the variable cannot have.
    pub fn from_env() -> Result<Self, OtlpConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// As [`from_env`](Self::from_env), with `lookup` in place of the process's environment.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, OtlpConfigError> {
        env::read(&lookup)
    }

    /// Sets the transport and encoding.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sets the receiver's base URL; over HTTP, `v1/traces` is appended to its path.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Endpoint::Base(url.into());
        self
    }

    /// Sets the URL that traces are posted to, as it is.
    #[must_use]
    pub fn with_traces_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Endpoint::Exact(url.into());
        self
    }

    /// Adds a header (metadata, over gRPC) to every request, replacing one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.set(name.into(), value.into());
        self
    }

    /// Sets the time that one attempt may take. Zero leaves only the export thread's own deadline.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the compression of what is sent.
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

    /// Says that a gRPC endpoint without a scheme (`host:port`) is reached without TLS.
    #[must_use]
    pub fn with_insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// The protocol.
    #[must_use]
    pub fn get_protocol(&self) -> Protocol {
        self.protocol
    }

    /// The URL that traces are sent to, without credentials.
    ///
    /// # Errors
    /// [`OtlpConfigError::Endpoint`] when the endpoint is not a URL with scheme `http` or `https`.
    pub fn traces_url(&self) -> Result<String, OtlpConfigError> {
        self.url().map(|url| url.without_credentials())
    }

    pub(super) fn url(&self) -> Result<Url, OtlpConfigError> {
        self.endpoint.url(self.protocol, self.insecure)
    }

    /// Makes the exporter. It connects when the first batch comes, not before.
    ///
    /// # Errors
    /// [`OtlpConfigError`]: an unusable endpoint, header or certificate, or a feature that is not built in.
    pub fn build(&self) -> Result<Box<dyn Exporter>, OtlpConfigError> {
        self.check()?;
        match self.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => Ok(Box::new(super::OtlpGrpc::new(self)?)),
            #[cfg(not(feature = "otlp-grpc"))]
            Protocol::Grpc => {
                Err(OtlpConfigError::Feature { wanted: "OTLP over gRPC", feature: "otlp-grpc" })
            }
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf | Protocol::HttpJson => Ok(Box::new(super::OtlpHttp::new(self)?)),
            #[cfg(not(feature = "otlp-http"))]
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                Err(OtlpConfigError::Feature { wanted: "OTLP over HTTP", feature: "otlp-http" })
            }
        }
    }

    /// The time for one attempt; `None` when none is left.
    #[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
    pub(super) fn time_left(timeout: Duration, deadline: Instant) -> Option<Duration> {
        // Clients count in units that a longer time would overflow.
        const LONGEST: Duration = Duration::from_secs(3600);
        let left = deadline.saturating_duration_since(Instant::now()).min(LONGEST);
        let left = if timeout.is_zero() { left } else { left.min(timeout) };
        (!left.is_zero()).then_some(left)
    }

    /// What must hold for any transport.
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
        self.headers.check()
    }
}

impl Default for OtlpConfig {
    fn default() -> Self {
        Self::new()
    }
}
