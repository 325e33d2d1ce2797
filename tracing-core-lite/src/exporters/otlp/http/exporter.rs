//! OTLP over HTTP. Who uses it needs no runtime.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Response, Uri, header};
use opentelemetry::Context;
use ureq::{Agent, Proxy};

use super::answer::{Answer, MAX_REPLY};
use super::plain::Plain;
use crate::exporters::otlp::endpoint::Url;
use crate::exporters::otlp::secrets::Secrets;
use crate::exporters::otlp::{
    Compression, OtlpConfig, OtlpConfigError, Protocol, USER_AGENT, reply, retry_after,
};
use crate::pipeline::{Batch, ExportError, Exported, Exporter};

/// Posts batches to an OTLP receiver, as protobuf or as JSON.
///
/// - 2xx: accepted; a partial success is passed on.
/// - 429, 502, 503 and 504, no connection, and no answer in time: [`ExportError::Retryable`], with `Retry-After`.
/// - Every other answer, redirects included: [`ExportError::Permanent`].
///
/// The environment's proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) is used unless the receiver is on this machine.
pub struct OtlpHttp {
    client: Client,
    url: String,
    timeout: Duration,
    gzip: bool,
    #[cfg_attr(not(feature = "otlp-json"), expect(dead_code))]
    json: bool,
    secrets: Secrets,
}

enum Client {
    Plain(Box<Plain>),
    /// For TLS and proxies.
    Ureq {
        agent: Agent,
        headers: Vec<(String, String)>,
    },
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
        let gzip = config.compression == Compression::Gzip;
        let json = config.protocol == Protocol::HttpJson;
        let mut headers: Vec<_> =
            config.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if !config.headers.contains("authorization") {
            headers.extend(url.authorization().map(|value| ("authorization".to_owned(), value)));
        }
        let media_type = if json { "application/json" } else { "application/x-protobuf" };
        headers.push((header::CONTENT_TYPE.to_string(), media_type.to_owned()));
        if gzip {
            headers.push((header::CONTENT_ENCODING.to_string(), "gzip".to_owned()));
        }
        let client = if is_plain(&url, config) {
            let target = PathAndQuery::try_from(url.path_and_query())
                .map_err(|_| OtlpConfigError::Endpoint { reason: "HTTP cannot use its path" })?;
            let plain = Plain::new(url.host(), url.port_or(80), target, header_map(&url, &headers)?)
                .map_err(|error| OtlpConfigError::Start { reason: error.to_string() })?;
            Client::Plain(Box::new(plain))
        } else {
            Client::Ureq { agent: agent(&url, config)?, headers }
        };
        let secrets = Secrets::of(&config.headers, &url);
        Ok(Self { client, url: url.without_credentials(), timeout: config.timeout, gzip, json, secrets })
    }

    fn post(&mut self, batch: &Batch, timeout: Duration) -> Result<Answer, ExportError> {
        let encoded = self.encode(batch)?;
        match &mut self.client {
            Client::Plain(plain) => {
                let deadline = Instant::now() + timeout;
                let body = match encoded {
                    Some(body) => Batch::new(body.into(), batch.span_count()),
                    None => batch.clone(),
                };
                plain.post(body, deadline).map_err(|error| disconnected(&error, &self.secrets))
            }
            Client::Ureq { agent, headers } => {
                let mut request = agent.post(&self.url).config().timeout_global(Some(timeout)).build();
                for (name, value) in headers {
                    request = request.header(&*name, &*value);
                }
                let response = request.send(encoded.as_deref().unwrap_or_else(|| batch.request()));
                response.map(answer).map_err(|error| failed(&error, &self.secrets))
            }
        }
    }

    /// The body, unless it is that of the batch.
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
            true => gzipped(batch.pieces()).map(Some).map_err(|error| permanent(error.to_string())),
            false => Ok(None),
        }
    }

    fn accepted(&self, answer: &Answer) -> Exported {
        let body = answer.body.as_deref().unwrap_or_default();
        match answer.media_type.as_deref() {
            #[cfg(feature = "otlp-json")]
            Some("application/json") => reply::exported_json(body, &self.secrets),
            #[cfg(not(feature = "otlp-json"))]
            Some("application/json") => Exported::default(),
            _ => reply::exported(body, &self.secrets),
        }
    }

    fn refused(&self, answer: &Answer) -> ExportError {
        let status = answer.status;
        let after = answer.retry_after.as_deref();
        let after = after.and_then(|value| retry_after::parse(value, SystemTime::now()));
        let mut reason = format!("the OTLP receiver answered {}", status.as_u16());
        if let Some(message) = message(answer).map(|it| self.secrets.hide(&it)).filter(|it| !it.is_empty()) {
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
        let Some(timeout) = OtlpConfig::time_left(self.timeout, deadline) else {
            return Err(retryable("no time is left to reach the OTLP receiver"));
        };
        let answer = self.post(batch, timeout)?;
        if answer.status.is_success() { Ok(self.accepted(&answer)) } else { Err(self.refused(&answer)) }
    }
}

impl fmt::Debug for OtlpHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next();
        f.debug_struct("OtlpHttp").field("url", &url).finish_non_exhaustive()
    }
}

/// Whether nothing is asked for that only ureq knows.
fn is_plain(url: &Url, config: &OtlpConfig) -> bool {
    // Whoever sets one of these wants something special of the connection.
    const SPECIAL: [&str; 6] =
        ["connection", "content-encoding", "content-length", "content-type", "expect", "transfer-encoding"];
    let Ok(uri) = url.without_credentials().parse::<Uri>() else { return false };
    let direct = || url.is_loopback() || Proxy::try_from_env().is_none_or(|proxy| proxy.is_no_proxy(&uri));
    !url.is_https() && !SPECIAL.iter().any(|name| config.headers.contains(name)) && direct()
}

fn header_map(url: &Url, headers: &[(String, String)]) -> Result<HeaderMap, OtlpConfigError> {
    let mut map = HeaderMap::new();
    let own = [("host", url.authority()), ("user-agent", USER_AGENT), ("accept", "*/*")];
    let users = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in own.into_iter().chain(users) {
        let (Ok(key), Ok(mut sent)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        else {
            return Err(OtlpConfigError::Header { name: name.to_owned() });
        };
        sent.set_sensitive(true);
        map.insert(key, sent);
    }
    Ok(map)
}

fn agent(
    url: &Url,
    #[cfg_attr(not(feature = "tls"), expect(unused))] config: &OtlpConfig,
) -> Result<Agent, OtlpConfigError> {
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
    Ok(settings.build().new_agent())
}

fn answer(mut response: Response<ureq::Body>) -> Answer {
    let mut answer = Answer::new(response.status(), response.headers());
    // The receiver has decided by now: a body that cannot be read must not send the batch again.
    answer.body =
        response.body_mut().with_config().limit(MAX_REPLY as u64).read_to_vec().ok().map(Bytes::from);
    answer
}

fn retryable(reason: impl Into<String>) -> ExportError {
    ExportError::Retryable { reason: reason.into(), after: None }
}

/// Says what failed on a plain connection.
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

/// What an error's body says: a `google.rpc.Status`, or a line of text.
fn message(answer: &Answer) -> Option<String> {
    let body = answer.body.as_deref()?;
    match answer.media_type.as_deref() {
        Some("application/x-protobuf") => reply::status_message(body),
        #[cfg(feature = "otlp-json")]
        Some("application/json") => reply::status_message_json(body),
        Some("text/plain") => Some(String::from_utf8_lossy(body).lines().next()?.to_owned()),
        _ => None,
    }
}

#[cfg(feature = "gzip")]
fn gzipped<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    use std::io::Write;
    // Spans repeat themselves so much that the fastest level already gets most of the gain.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for piece in pieces {
        encoder.write_all(piece)?;
    }
    encoder.finish()
}

#[cfg(not(feature = "gzip"))]
fn gzipped<'a>(_pieces: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    Err(ErrorKind::Unsupported.into())
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
