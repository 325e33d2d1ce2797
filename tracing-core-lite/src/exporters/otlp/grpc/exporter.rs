//! The exporter's side of the gRPC connection.

use std::error::Error;
use std::fmt;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
#[cfg(feature = "gzip")]
use tonic::codec::CompressionEncoding;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use super::retry_info::retry_info;
use super::worker::{Call, Worker, cause};
#[cfg(feature = "gzip")]
use crate::exporters::otlp::Compression;
use crate::exporters::otlp::secrets::Secrets;
use crate::exporters::otlp::{OtlpConfig, OtlpConfigError, USER_AGENT, reply};
use crate::grpc_status;
use crate::pipeline::{Batch, ExportError, Exported, Exporter};

/// How much longer than its timeout a call is waited for: the worker gives it up first, unless it is stuck.
const GRACE: Duration = Duration::from_millis(250);

/// Sends batches to an OTLP receiver over gRPC.
///
/// It has a thread with a runtime of its own, so that it works with and without a runtime around it: the connection
/// stays alive between batches, and neither exporting nor dropping it ever blocks on, or drops, the caller's runtime.
///
/// - OK: accepted; a partial success is passed on.
/// - `CANCELLED`, `DEADLINE_EXCEEDED`, `ABORTED`, `OUT_OF_RANGE`, `UNAVAILABLE`, `DATA_LOSS`, and
///   `RESOURCE_EXHAUSTED` with a `RetryInfo`: [`ExportError::Retryable`], after the delay of the `RetryInfo`.
/// - Every other status: [`ExportError::Permanent`].
///
/// Source: OTLP specification, section "OTLP/gRPC Response".
pub struct OtlpGrpc {
    calls: UnboundedSender<Call>,
    origin: String,
    timeout: Duration,
    secrets: Secrets,
}

impl OtlpGrpc {
    /// Makes the exporter; it connects when the first batch comes.
    ///
    /// # Errors
    /// [`OtlpConfigError`] when the endpoint, a header or the certificate is unusable, when one of them needs a
    /// feature that is not built in, or when the thread cannot be started.
    pub fn new(config: &OtlpConfig) -> Result<Self, OtlpConfigError> {
        config.check()?;
        let url = config.url()?;
        let mut metadata = MetadataMap::new();
        for (name, value) in config.headers.iter() {
            set(&mut metadata, name, value)?;
        }
        if let Some(value) = url.authorization().filter(|_| !config.headers.contains("authorization")) {
            set(&mut metadata, "authorization", &value)?;
        }
        let unusable = |_| OtlpConfigError::Endpoint { reason: "gRPC cannot use it" };
        let endpoint = Endpoint::from_shared(url.origin()).and_then(|it| it.user_agent(USER_AGENT));
        let mut endpoint = endpoint.map_err(unusable)?;
        if !config.timeout.is_zero() {
            endpoint = endpoint.connect_timeout(config.timeout);
        }
        #[cfg(feature = "tls")]
        if url.is_https() {
            endpoint = with_tls(endpoint, config.certificate.as_deref())?;
        }
        #[cfg(feature = "gzip")]
        let compression = (config.compression == Compression::Gzip).then_some(CompressionEncoding::Gzip);
        #[cfg(not(feature = "gzip"))]
        let compression = None;
        let (sender, calls) = unbounded_channel();
        Worker { endpoint, metadata, compression, calls }
            .spawn()
            .map_err(|error| OtlpConfigError::Start { reason: error.to_string() })?;
        let secrets = Secrets::of(&config.headers, &url);
        Ok(Self { calls: sender, origin: url.origin(), timeout: config.timeout, secrets })
    }

    fn refused(&self, status: &Status) -> ExportError {
        // tonic reports a failed connection as UNAVAILABLE, or as UNKNOWN with the connection's error as source.
        let transport = status.source().filter(|source| source.is::<tonic::transport::Error>());
        let text = transport.map_or_else(|| status.message().to_owned(), cause);
        let mut reason = format!("the OTLP receiver answered {}", grpc_status::name(status.code().into()));
        if !text.is_empty() {
            reason = format!("{reason}: {}", self.secrets.hide(&text));
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
            _ => transport.is_some(),
        };
        match retryable {
            true => ExportError::Retryable { reason, after: info.and_then(|info| info.delay) },
            false => ExportError::Permanent { reason },
        }
    }
}

impl Exporter for OtlpGrpc {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let Some(timeout) = OtlpConfig::time_left(self.timeout, deadline) else {
            return Err(late("no time is left to reach the OTLP receiver"));
        };
        let (reply, answer) = sync_channel::<Result<Bytes, Status>>(1);
        let call = Call { batch: batch.clone(), timeout, reply };
        if self.calls.send(call).is_err() {
            return Err(ExportError::Permanent { reason: "the OTLP exporter's thread has ended".into() });
        }
        match answer.recv_timeout(timeout + GRACE) {
            Ok(Ok(body)) => Ok(reply::exported(&body, &self.secrets)),
            Ok(Err(status)) => Err(self.refused(&status)),
            Err(_) => Err(late("the OTLP receiver did not answer in time")),
        }
    }
}

impl fmt::Debug for OtlpGrpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpGrpc").field("origin", &self.origin).finish_non_exhaustive()
    }
}

fn late(reason: &str) -> ExportError {
    ExportError::Retryable { reason: reason.to_owned(), after: None }
}

fn set(metadata: &mut MetadataMap, name: &str, value: &str) -> Result<(), OtlpConfigError> {
    let lowercase = name.to_ascii_lowercase();
    let (Ok(key), Ok(value)) =
        (AsciiMetadataKey::from_bytes(lowercase.as_bytes()), AsciiMetadataValue::try_from(value))
    else {
        return Err(OtlpConfigError::Header { name: name.to_owned() });
    };
    metadata.insert(key, value);
    Ok(())
}

#[cfg(feature = "tls")]
fn with_tls(endpoint: Endpoint, certificate: Option<&std::path::Path>) -> Result<Endpoint, OtlpConfigError> {
    use tonic::transport::{Certificate, ClientTlsConfig};
    let tls = match certificate {
        None => ClientTlsConfig::new().with_native_roots(),
        Some(path) => {
            let pem = std::fs::read(path).map_err(|error| OtlpConfigError::Certificate {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
        }
    };
    endpoint.tls_config(tls).map_err(|error| OtlpConfigError::Start { reason: cause(&error) })
}
