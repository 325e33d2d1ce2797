//! OTLP over HTTP, on a blocking client: no runtime is needed.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::Context;
use ureq::Agent;
use ureq::http::{Response, StatusCode, header};

use super::secrets::Secrets;
use super::{Compression, OtlpConfig, OtlpConfigError, Protocol, USER_AGENT, reply, retry_after};
use crate::export::{Batch, ExportError, Exported, Exporter};

/// How much of a reply is read, in bytes.
const MAX_REPLY: u64 = 64 * 1024;

/// Posts batches to an OTLP receiver, as protobuf or as JSON.
///
/// - 2xx: accepted; a partial success is passed on.
/// - 429, 502, 503 and 504, no connection, and no answer in time: [`ExportError::Retryable`], with `Retry-After`.
/// - Every other answer, redirects included: [`ExportError::Permanent`].
///
/// The environment's proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) is used unless the receiver is on this machine.
pub struct OtlpHttp {
    agent: Agent,
    url: String,
    headers: Vec<(String, String)>,
    timeout: Duration,
    gzip: bool,
    json: bool,
    secrets: Secrets,
}

impl OtlpHttp {
    /// Makes the exporter; it connects when the first batch comes.
    ///
    /// # Errors
    /// [`OtlpConfigError`] when the endpoint, a header or the certificate is unusable, or needs a feature that is
    /// not built in.
    pub fn new(config: &OtlpConfig) -> Result<Self, OtlpConfigError> {
        config.check()?;
        let url = config.url()?;
        let mut settings = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect could take the credentials to somebody else.
            .max_redirects(0)
            .user_agent(USER_AGENT)
            .max_idle_connections(1);
        if url.is_loopback() {
            settings = settings.proxy(None);
        }
        #[cfg(feature = "tls")]
        if url.is_https() {
            settings = settings.tls_config(tls(config.certificate.as_deref())?);
        }
        let mut headers: Vec<_> =
            config.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if !config.headers.contains("authorization") {
            headers.extend(url.authorization().map(|value| ("authorization".to_owned(), value)));
        }
        Ok(Self {
            agent: settings.build().new_agent(),
            url: url.without_credentials(),
            headers,
            timeout: config.timeout,
            gzip: config.compression == Compression::Gzip,
            json: config.protocol == Protocol::HttpJson,
            secrets: Secrets::of(&config.headers, &url),
        })
    }

    fn post(&self, body: &[u8], timeout: Duration) -> Result<Response<ureq::Body>, ureq::Error> {
        let media_type = if self.json { "application/json" } else { "application/x-protobuf" };
        let mut request = self.agent.post(&self.url).config().timeout_global(Some(timeout)).build();
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request = request.header(header::CONTENT_TYPE, media_type);
        if self.gzip {
            return request.header(header::CONTENT_ENCODING, "gzip").send(&*gzipped(body)?);
        }
        request.send(body)
    }

    fn body<'a>(&self, batch: &'a Batch) -> Result<Cow<'a, [u8]>, ExportError> {
        #[cfg(feature = "otlp-json")]
        if self.json {
            let spans =
                batch.decode().map_err(|error| ExportError::Permanent { reason: error.to_string() })?;
            return Ok(Cow::Owned(crate::export::otlp_json::to_json(&spans).into_bytes()));
        }
        Ok(Cow::Borrowed(batch.request()))
    }

    fn accepted(&self, mut response: Response<ureq::Body>) -> Exported {
        let json = is_json(&response);
        // The batch is accepted by now, so a reply that cannot be read must not send it again.
        let body = response.body_mut().with_config().limit(MAX_REPLY).read_to_vec().unwrap_or_default();
        match json {
            #[cfg(feature = "otlp-json")]
            true => reply::exported_json(&body, &self.secrets),
            #[cfg(not(feature = "otlp-json"))]
            true => Exported::default(),
            false => reply::exported(&body, &self.secrets),
        }
    }

    fn refused(&self, status: StatusCode, response: Response<ureq::Body>) -> ExportError {
        let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
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
            _ => ExportError::Permanent { reason },
        }
    }
}

impl Exporter for OtlpHttp {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let _untraced = Context::enter_telemetry_suppressed_scope();
        let body = self.body(batch)?;
        let Some(timeout) = OtlpConfig::time_left(self.timeout, deadline) else {
            return Err(retryable("no time is left to reach the OTLP receiver"));
        };
        let response = self.post(&body, timeout).map_err(|error| failed(&error, &self.secrets))?;
        match response.status() {
            status if status.is_success() => Ok(self.accepted(response)),
            status => Err(self.refused(status, response)),
        }
    }
}

impl fmt::Debug for OtlpHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next();
        f.debug_struct("OtlpHttp").field("url", &url).finish_non_exhaustive()
    }
}

fn retryable(reason: impl Into<String>) -> ExportError {
    ExportError::Retryable { reason: reason.into(), after: None }
}

/// Says what failed without the texts of the client that may quote the URL.
fn failed(error: &ureq::Error, secrets: &Secrets) -> ExportError {
    use ureq::Error;
    let permanent = |reason: &str| ExportError::Permanent { reason: reason.to_owned() };
    match error {
        Error::Timeout(phase) => retryable(format!("the OTLP receiver did not answer in time ({phase})")),
        Error::HostNotFound => retryable("the OTLP receiver's host name cannot be resolved"),
        // Of TLS too: a certificate can be replaced while we retry.
        Error::Io(error) => retryable(format!(
            "the connection to the OTLP receiver failed: {}",
            secrets.hide(&error.to_string())
        )),
        Error::ConnectionFailed => retryable("the OTLP receiver cannot be reached"),
        Error::Protocol(_) => retryable("the OTLP receiver did not answer in HTTP"),
        Error::Tls(reason) => permanent(&format!("TLS with the OTLP receiver failed: {reason}")),
        Error::Http(_) | Error::BadUri(_) => permanent("the request to the OTLP receiver cannot be made"),
        Error::InvalidProxyUrl => permanent("the proxy of the environment is not a URL"),
        Error::ConnectProxyFailed(_) => retryable("the proxy refused to connect to the OTLP receiver"),
        _ => retryable("the request to the OTLP receiver failed"),
    }
}

fn is_json(response: &Response<ureq::Body>) -> bool {
    response.body().mime_type() == Some("application/json")
}

/// What an error's body says: a `google.rpc.Status`, or a line of text.
fn message(mut response: Response<ureq::Body>) -> Option<String> {
    let media_type = response.body().mime_type().map(str::to_owned);
    let body = response.body_mut().with_config().limit(MAX_REPLY).read_to_vec().ok()?;
    match media_type.as_deref() {
        Some("application/x-protobuf") => reply::status_message(&body),
        #[cfg(feature = "otlp-json")]
        Some("application/json") => reply::status_message_json(&body),
        Some("text/plain") => Some(String::from_utf8_lossy(&body).lines().next()?.to_owned()),
        _ => None,
    }
}

#[cfg(feature = "gzip")]
fn gzipped(body: &[u8]) -> io::Result<Vec<u8>> {
    use std::io::Write;
    // Spans repeat themselves so much that the fastest level already gets most of the gain.
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(not(feature = "gzip"))]
fn gzipped(_body: &[u8]) -> io::Result<Vec<u8>> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(feature = "tls")]
fn tls(certificate: Option<&std::path::Path>) -> Result<ureq::tls::TlsConfig, OtlpConfigError> {
    use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
    let Some(path) = certificate else {
        return Ok(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build());
    };
    let unusable = |reason: String| OtlpConfigError::Certificate { path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let mut trusted = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(it) = item.map_err(|_| unusable("it is not PEM".into()))? {
            trusted.push(it);
        }
    }
    if trusted.is_empty() {
        return Err(unusable("it holds no certificate".into()));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&trusted)).build())
}
