//! The exporter for OTLP over gRPC.

use std::fmt;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant, SystemTime};

use http::Uri;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
#[cfg(feature = "gzip")]
use tonic::codec::CompressionEncoding;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use super::connection::GrpcConnector;
use super::retry_info::retry_info;
use super::worker::{Call, Failure, Worker};
use crate::error_class;
use crate::exporters::otlp::config::OtlpConfig;
use crate::exporters::otlp::connect::{Connector, Tunnel};
use crate::exporters::otlp::endpoint::Url;
use crate::exporters::otlp::error::OtlpConfigError;
use crate::exporters::otlp::headers::USER_AGENT;
#[cfg(feature = "gzip")]
use crate::exporters::otlp::protocol::Compression;
use crate::exporters::otlp::secrets::Secrets;
use crate::exporters::otlp::{reply, retry_after};
use crate::grpc_status;
use crate::pipeline::{Batch, ExportError, ExportResponse, Exported, Exporter};

/// How much longer than its timeout the exporter waits for a call. The worker gives up first, unless it is stuck.
const GRACE: Duration = Duration::from_millis(250);

/// An exporter that sends batches to an OTLP receiver over gRPC.
///
/// It has a thread with a runtime of its own, so it works with and without a runtime around it. The connection stays
/// open between batches.
///
/// | the receiver | the result |
/// |---|---|
/// | answers OK | success; a partial success is passed on |
/// | answers `CANCELLED`, `DEADLINE_EXCEEDED`, `ABORTED`, `OUT_OF_RANGE`, `UNAVAILABLE`, `DATA_LOSS`, or `RESOURCE_EXHAUSTED` with a `RetryInfo`; cannot be reached; does not answer in time | [`ExportError::Retryable`], after the delay of the `RetryInfo` |
/// | answers `RESOURCE_EXHAUSTED` or `OUT_OF_RANGE` because the message is too large | [`ExportError::TooLarge`]: the batch is split |
/// | is a proxy that answers with HTTP status 429, 502, 503 or 504 | [`ExportError::Retryable`], with the time of `Retry-After` |
/// | answers anything else | [`ExportError::Permanent`] |
///
/// The proxy of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) is used by a tunnel (`CONNECT`)
/// unless the receiver is on this machine.
///
/// Source: OTLP specification, section "OTLP/gRPC Response".
pub struct OtlpGrpc {
    calls: UnboundedSender<Call>,
    origin: String,
    timeout: Duration,
    secrets: Secrets,
    is_unreachable: bool,
    last_response: ExportResponse,
}

impl OtlpGrpc {
    /// Creates the exporter. It connects when it exports the first batch.
    ///
    /// # Errors
    /// [`OtlpConfigError`] if the endpoint, a header or a certificate is not usable, if a feature is missing, or if the
    /// thread cannot be started.
    pub fn new(config: &OtlpConfig) -> Result<Self, OtlpConfigError> {
        config.check()?;
        let url = config.url()?;
        let connect_timeout =
            if config.timeout.is_zero() { OtlpConfig::DEFAULT_TIMEOUT } else { config.timeout };
        let connector = Connector::new(&url, config, "h2", Tunnel::Always)?;
        #[cfg(feature = "gzip")]
        let compression = (config.compression == Compression::Gzip).then_some(CompressionEncoding::Gzip);
        #[cfg(not(feature = "gzip"))]
        let compression = None;
        let (sender, calls) = unbounded_channel();
        let worker = Worker {
            endpoint: endpoint(&url)?,
            connector: GrpcConnector::new(connector, connect_timeout),
            metadata: metadata(&url, config)?,
            compression,
            calls,
        };
        worker.spawn().map_err(|error| OtlpConfigError::Start { reason: error.to_string() })?;
        Ok(Self {
            calls: sender,
            origin: url.origin(),
            timeout: config.timeout,
            secrets: Secrets::of(&config.headers, &url),
            is_unreachable: false,
            last_response: ExportResponse::default(),
        })
    }

    fn refused(&self, failure: &Failure) -> ExportError {
        let status = &failure.status;
        let (name, text) = match &failure.transport {
            Some(error) => (grpc_status::name(Code::Unavailable.into()), error.as_str()),
            None => (grpc_status::name(status.code().into()), status.message()),
        };
        let mut reason = format!("the OTLP receiver answered {name}");
        if !text.is_empty() {
            reason = format!("{reason}: {}", self.secrets.hide(text));
        }
        let info = retry_info(status.details());
        let retryable = match status.code() {
            Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss => true,
            Code::ResourceExhausted => info.is_some(),
            _ => failure.transport.is_some(),
        };
        let is_size = matches!(status.code(), Code::ResourceExhausted | Code::OutOfRange)
            && info.is_none()
            && says_too_large(status.message());
        if is_size {
            return ExportError::TooLarge { reason };
        }
        match retryable {
            true => ExportError::Retryable {
                reason,
                after: info.and_then(|info| info.delay).or_else(|| retry_after_of(status)),
            },
            false => ExportError::Permanent { reason },
        }
    }
}

/// For the fuzz targets.
#[cfg(fuzzing)]
#[doc(hidden)]
impl OtlpGrpc {
    /// Reads the message of a response.
    pub fn read_message(&self, message: &[u8]) -> Exported {
        reply::exported(message, &self.secrets)
    }

    /// Reads the trailers of a response. Returns `None` if they have no status.
    pub fn read_trailers(&self, trailers: &http::HeaderMap) -> Option<ExportError> {
        let status = Status::from_header_map(trailers)?;
        Some(self.refused(&Failure { status, transport: None, while_connecting: false }))
    }

    /// Reads the details of a status.
    pub fn read_details(&self, details: &[u8]) -> Option<Option<Duration>> {
        retry_info(details).map(|info| info.delay)
    }
}

impl Exporter for OtlpGrpc {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.is_unreachable = false;
        self.last_response = ExportResponse::of_failure(error_class::TIMEOUT);
        let Some(timeout) = OtlpConfig::time_left(self.timeout, deadline) else {
            return Err(late("no time is left to reach the OTLP receiver"));
        };
        let (reply, answer) = sync_channel(1);
        let call = Call { batch: batch.clone(), timeout, reply };
        if self.calls.send(call).is_err() {
            self.last_response = ExportResponse::default();
            return Err(ExportError::Permanent { reason: "the OTLP exporter's thread has ended".into() });
        }
        match answer.recv_timeout(timeout + GRACE) {
            Ok(Ok(body)) => {
                self.last_response = ExportResponse::of_grpc(grpc_status::name(Code::Ok.into()));
                Ok(reply::exported(&body, &self.secrets))
            }
            Ok(Err(failure)) => {
                self.is_unreachable = failure.while_connecting;
                self.last_response = match &failure.transport {
                    Some(_) => ExportResponse::of_failure(error_class::CONNECTION_FAILED),
                    None => ExportResponse::of_grpc(grpc_status::name(failure.status.code().into())),
                };
                Err(self.refused(&failure))
            }
            Err(_) => Err(late("the OTLP receiver did not answer in time")),
        }
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn destination(&self) -> Option<&str> {
        Some(&self.origin)
    }

    fn is_unreachable(&self) -> bool {
        self.is_unreachable
    }

    fn component_type(&self) -> &'static str {
        "otlp_grpc_span_exporter"
    }

    fn last_response(&self) -> ExportResponse {
        self.last_response
    }
}

impl fmt::Debug for OtlpGrpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpGrpc").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The endpoint that tonic sees. Its scheme is always `http`, as the connector does TLS; requests carry the real one.
fn endpoint(url: &Url) -> Result<Endpoint, OtlpConfigError> {
    let unusable = OtlpConfigError::Endpoint { reason: "gRPC cannot use it" };
    let origin = url.origin().parse::<Uri>();
    let endpoint = Endpoint::from_shared(format!("http://{}", url.authority()))
        .and_then(|endpoint| endpoint.user_agent(USER_AGENT));
    match (endpoint, origin) {
        (Ok(endpoint), Ok(origin)) => Ok(endpoint.origin(origin)),
        _ => Err(unusable),
    }
}

fn metadata(url: &Url, config: &OtlpConfig) -> Result<MetadataMap, OtlpConfigError> {
    let authorization = url.authorization().filter(|_| !config.headers.contains("authorization"));
    let authorization = authorization.as_deref().map(|value| ("authorization", value));
    let mut metadata = MetadataMap::new();
    for (name, value) in config.headers.iter().chain(authorization) {
        let lowercase = name.to_ascii_lowercase();
        let (Ok(key), Ok(value)) =
            (AsciiMetadataKey::from_bytes(lowercase.as_bytes()), AsciiMetadataValue::try_from(value))
        else {
            return Err(OtlpConfigError::Header { name: name.to_owned() });
        };
        metadata.insert(key, value);
    }
    Ok(metadata)
}

/// Returns whether a message is that of a gRPC server whose limit for messages is exceeded. No code says so: servers in Go,
/// C++ and Java answer `RESOURCE_EXHAUSTED`, and tonic answers `OUT_OF_RANGE`.
fn says_too_large(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let are_in = |words: &[&str]| words.iter().any(|word| message.contains(word));
    message.contains("message")
        && are_in(&["larger than max", "too large", "exceeds maximum size", "message size"])
}

/// Returns the time in the `retry-after` of a proxy.
fn retry_after_of(status: &Status) -> Option<Duration> {
    retry_after::parse(status.metadata().get("retry-after")?.to_str().ok()?, SystemTime::now())
}

fn late(reason: &str) -> ExportError {
    ExportError::Retryable { reason: reason.to_owned(), after: None }
}
