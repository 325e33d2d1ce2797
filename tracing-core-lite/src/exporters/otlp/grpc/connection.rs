//! Connections for tonic's channel.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tower_service::Service;

use super::send_buffer::SendBuffer;
use crate::exporters::otlp::connect::{Connector, Stream};

/// Connects tonic's channel to the one receiver of an exporter.
#[derive(Clone)]
pub(super) struct GrpcConnector {
    connector: Arc<Connector>,
    timeout: Duration,
}

impl GrpcConnector {
    pub(super) fn new(connector: Connector, timeout: Duration) -> Self {
        Self { connector: Arc::new(connector), timeout }
    }
}

/// There is no connection to the receiver.
#[derive(Debug)]
pub(super) struct ConnectError(pub(super) io::Error);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind() {
            io::ErrorKind::NotFound => f.write_str("the host name cannot be resolved"),
            io::ErrorKind::TimedOut => f.write_str("no connection in time"),
            _ => self.0.fmt(f),
        }
    }
}

impl std::error::Error for ConnectError {}

impl Service<Uri> for GrpcConnector {
    type Response = TokioIo<SendBuffer>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { connector, timeout } = self.clone();
        Box::pin(async move {
            let stream = connector.connect(Instant::now() + timeout).await.map_err(ConnectError)?;
            Ok(TokioIo::new(match stream {
                Stream::Tcp(stream) => {
                    let (reader, writer) = stream.into_split();
                    SendBuffer::new(reader, writer)
                }
                Stream::Layered(stream) => {
                    let (reader, writer) = tokio::io::split(stream);
                    SendBuffer::new(reader, writer)
                }
            }))
        })
    }
}
