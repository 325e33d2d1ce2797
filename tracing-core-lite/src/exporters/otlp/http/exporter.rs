//! The exporter for OTLP over HTTP.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::client::{Client, Failure};
use super::response::ReceiverResponse;
use crate::context::suppress_tracing;
use crate::error_class;
use crate::exporters::otlp::config::OtlpConfig;
use crate::exporters::otlp::connect::{Connector, Tunnel};
use crate::exporters::otlp::endpoint::Url;
use crate::exporters::otlp::error::OtlpConfigError;
use crate::exporters::otlp::headers::USER_AGENT;
use crate::exporters::otlp::protocol::{Compression, Protocol};
use crate::exporters::otlp::secrets::Secrets;
use crate::exporters::otlp::{reply, retry_after};
use crate::pipeline::{Batch, ExportError, ExportResponse, Exported, Exporter};

/// An exporter that posts batches to an OTLP receiver, as protobuf or as JSON. It needs no async runtime.
///
/// | the receiver | the result |
/// |---|---|
/// | answers 2xx | success; a partial success is passed on |
/// | answers 429, 502, 503 or 504, cannot be reached, or does not answer in time | [`ExportError::Retryable`], with the time of `Retry-After` |
/// | answers 413 | [`ExportError::TooLarge`]: the batch is split |
/// | answers anything else, redirects included | [`ExportError::Permanent`] |
///
/// The proxy of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) is used unless the receiver is on
/// this machine: by a tunnel (`CONNECT`) for https, and by requests in absolute form for http.
///
/// Source: OTLP specification, section "OTLP/HTTP Response".
pub struct OtlpHttp {
    client: Client,
    url: String,
    timeout: Duration,
    gzip: bool,
    json: bool,
    secrets: Secrets,
    is_unreachable: bool,
    last_response: ExportResponse,
}

impl OtlpHttp {
    /// Creates the exporter. It connects when it exports the first batch.
    ///
    /// # Errors
    /// [`OtlpConfigError`] if the endpoint, a header or a certificate is not usable, or if a feature is missing.
    pub fn new(config: &OtlpConfig) -> Result<Self, OtlpConfigError> {
        config.check()?;
        let url = config.url()?;
        let connector = Connector::new(&url, config, "http/1.1", Tunnel::ForTls)?;
        let client = Client::new(connector, url.uri(), headers(&url, config)?)
            .map_err(|error| OtlpConfigError::Start { reason: error.to_string() })?;
        Ok(Self {
            client,
            url: url.without_credentials(),
            timeout: config.timeout,
            gzip: config.compression == Compression::Gzip,
            json: config.protocol == Protocol::HttpJson,
            secrets: Secrets::of(&config.headers, &url),
            is_unreachable: false,
            last_response: ExportResponse::default(),
        })
    }

    fn post(&mut self, batch: &Batch, timeout: Duration) -> Result<ReceiverResponse, ExportError> {
        let body = match self.encode(batch)? {
            Some(body) => Batch::new(body.into(), batch.span_count()),
            None => batch.clone(),
        };
        let result = self.client.post(body, Instant::now() + timeout);
        self.is_unreachable = matches!(&result, Err(Failure { while_connecting: true, .. }));
        self.last_response = match &result {
            Ok(response) => ExportResponse::of_http(response.status.as_u16()),
            Err(failure) => ExportResponse::of_failure(class_of(&failure.error)),
        };
        result.map_err(|failure| disconnected(&failure.error, &self.secrets))
    }

    /// Returns the body, `None` if it is that of the batch.
    fn encode(&self, batch: &Batch) -> Result<Option<Vec<u8>>, ExportError> {
        let permanent = |reason: String| ExportError::Permanent { reason };
        #[cfg(feature = "otlp-json")]
        if self.json {
            let spans = batch.decode().map_err(|error| permanent(error.to_string()))?;
            let text = crate::exporters::otlp_json::to_json(&spans).into_bytes();
            return match self.gzip {
                true => {
                    gzipped([&text[..]].into_iter()).map(Some).map_err(|error| permanent(error.to_string()))
                }
                false => Ok(Some(text)),
            };
        }
        match self.gzip {
            true => gzipped(batch.slices()).map(Some).map_err(|error| permanent(error.to_string())),
            false => Ok(None),
        }
    }

    fn read(&self, response: &ReceiverResponse) -> Result<Exported, ExportError> {
        if response.status.is_success() { Ok(self.accepted(response)) } else { Err(self.refused(response)) }
    }

    fn accepted(&self, response: &ReceiverResponse) -> Exported {
        let body = response.body.as_deref().unwrap_or_default();
        match response.media_type.as_deref() {
            #[cfg(feature = "otlp-json")]
            Some("application/json") => reply::exported_json(body, &self.secrets),
            #[cfg(not(feature = "otlp-json"))]
            Some("application/json") => Exported::default(),
            _ => reply::exported(body, &self.secrets),
        }
    }

    fn refused(&self, response: &ReceiverResponse) -> ExportError {
        let status = response.status;
        let after = response.retry_after.as_deref();
        let after = after.and_then(|value| retry_after::parse(value, SystemTime::now()));
        let mut reason = format!("the OTLP receiver answered {}", status.as_u16());
        if let Some(message) = message(response).map(|it| self.secrets.hide(&it)).filter(|it| !it.is_empty())
        {
            reason = format!("{reason}: {message}");
        } else if status.is_redirection() {
            reason += " (redirects are not followed)";
        }
        match status.as_u16() {
            429 | 502 | 503 | 504 => ExportError::Retryable { reason, after },
            413 => ExportError::TooLarge { reason },
            _ => ExportError::Permanent { reason },
        }
    }
}

/// For the fuzz targets.
#[cfg(fuzzing)]
#[doc(hidden)]
impl OtlpHttp {
    /// Reads a response as if the receiver had sent it.
    pub fn read_response(
        &self,
        status: http::StatusCode,
        headers: &HeaderMap,
        body: Option<bytes::Bytes>,
    ) -> Result<Exported, ExportError> {
        self.read(&ReceiverResponse { body, ..ReceiverResponse::new(status, headers) })
    }
}

impl Exporter for OtlpHttp {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let _suppressed = suppress_tracing();
        let Some(timeout) = OtlpConfig::time_left(self.timeout, deadline) else {
            self.last_response = ExportResponse::of_failure(error_class::TIMEOUT);
            return Err(retryable("no time is left to reach the OTLP receiver"));
        };
        let response = self.post(batch, timeout)?;
        self.read(&response)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn destination(&self) -> Option<&str> {
        self.url.split('?').next()
    }

    fn is_unreachable(&self) -> bool {
        self.is_unreachable
    }

    fn component_type(&self) -> &'static str {
        if self.json { "otlp_http_json_span_exporter" } else { "otlp_http_span_exporter" }
    }

    fn last_response(&self) -> ExportResponse {
        self.last_response
    }
}

impl fmt::Debug for OtlpHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpHttp").field("url", &self.destination()).finish_non_exhaustive()
    }
}

fn headers(url: &Url, config: &OtlpConfig) -> Result<HeaderMap, OtlpConfigError> {
    let json = config.protocol == Protocol::HttpJson;
    let authorization = url.authorization().filter(|_| !config.headers.contains("authorization"));
    let mut map = HeaderMap::new();
    let own = [
        (header::HOST.as_str(), url.authority()),
        (header::USER_AGENT.as_str(), USER_AGENT),
        (header::ACCEPT.as_str(), "*/*"),
        (header::CONTENT_TYPE.as_str(), if json { "application/json" } else { "application/x-protobuf" }),
    ];
    let gzip =
        (config.compression == Compression::Gzip).then_some((header::CONTENT_ENCODING.as_str(), "gzip"));
    let authorization = authorization.as_deref().map(|value| (header::AUTHORIZATION.as_str(), value));
    for (name, value) in own.into_iter().chain(gzip).chain(authorization).chain(config.headers.iter()) {
        let (Ok(key), Ok(mut sent)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        else {
            return Err(OtlpConfigError::Header { name: name.to_owned() });
        };
        sent.set_sensitive(true);
        map.insert(key, sent);
    }
    Ok(map)
}

fn retryable(reason: impl Into<String>) -> ExportError {
    ExportError::Retryable { reason: reason.into(), after: None }
}

/// Returns the class of an error of the client, whose kind says what failed.
fn class_of(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => error_class::DNS,
        _ => error_class::of_io(error),
    }
}

/// Says what failed. Errors of certificates are retryable too, because certificates are replaced while services run.
fn disconnected(error: &io::Error, secrets: &Secrets) -> ExportError {
    match error.kind() {
        ErrorKind::TimedOut => retryable("the OTLP receiver did not answer in time"),
        ErrorKind::NotFound => retryable("the OTLP receiver's host name cannot be resolved"),
        ErrorKind::InvalidData => retryable("the OTLP receiver did not answer in HTTP"),
        _ => retryable(format!(
            "the connection to the OTLP receiver failed: {}",
            secrets.hide(&error.to_string())
        )),
    }
}

/// Returns the message in the body of an error: that of a `google.rpc.Status`, or a line of text.
fn message(response: &ReceiverResponse) -> Option<String> {
    let body = response.body.as_deref()?;
    match response.media_type.as_deref() {
        Some("application/x-protobuf") => reply::status_message(body),
        #[cfg(feature = "otlp-json")]
        Some("application/json") => reply::status_message_json(body),
        Some("text/plain") => Some(String::from_utf8_lossy(body).lines().next()?.to_owned()),
        _ => None,
    }
}

#[cfg(feature = "gzip")]
fn gzipped<'a>(slices: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    use std::io::Write;
    // Spans are so repetitive that the fastest level gets most of the gain.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for slice in slices {
        encoder.write_all(slice)?;
    }
    encoder.finish()
}

#[cfg(not(feature = "gzip"))]
fn gzipped<'a>(_slices: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    Err(ErrorKind::Unsupported.into())
}
