//! The thread that owns the gRPC connection and its runtime.

use std::io;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use opentelemetry::Context;
use tokio::sync::mpsc::UnboundedReceiver;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;

use tonic::metadata::MetadataMap;
use tonic::transport::Endpoint;
use tonic::{Request, Status};

use super::codec::RawBytes;
use super::gathered::GatheringConnector;
use crate::pipeline::Batch;

const EXPORT: PathAndQuery =
    PathAndQuery::from_static("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
/// How much of a reply is read, in bytes.
const MAX_REPLY: usize = 64 * 1024;

/// One call to make.
pub(super) struct Call {
    pub(super) batch: Batch,
    pub(super) timeout: Duration,
    pub(super) reply: SyncSender<Result<Bytes, Status>>,
}

pub(super) struct Worker {
    pub(super) endpoint: Endpoint,
    pub(super) metadata: MetadataMap,
    pub(super) compression: Option<CompressionEncoding>,
    pub(super) calls: UnboundedReceiver<Call>,
}

impl Worker {
    /// Starts the thread; it ends when no more calls can come.
    pub(super) fn spawn(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("otlp-grpc".into()).spawn(move || {
            // The client is traced code too; its spans would be exported, and make new ones.
            let _untraced = Context::enter_telemetry_suppressed_scope();
            runtime.block_on(self.run());
        })?;
        Ok(())
    }

    async fn run(mut self) {
        // Not below TLS: the gain is small beside the cost of encryption.
        let channel = if self.endpoint.uri().scheme_str() == Some("http") {
            self.endpoint.connect_with_connector_lazy(GatheringConnector::new())
        } else {
            self.endpoint.connect_lazy()
        };
        let mut client = Grpc::new(channel).max_decoding_message_size(MAX_REPLY);
        if let Some(encoding) = self.compression {
            client = client.send_compressed(encoding).accept_compressed(encoding);
        }
        while let Some(call) = self.calls.recv().await {
            let mut request = Request::new(call.batch);
            *request.metadata_mut() = self.metadata.clone();
            request.set_timeout(call.timeout);
            let result = tokio::time::timeout(call.timeout, async {
                client.ready().await.map_err(|error| Status::unavailable(cause(&error)))?;
                client.unary(request, EXPORT, RawBytes).await
            });
            let result = result.await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")));
            // Whoever asked may have given up by now.
            let _ = call.reply.try_send(result.map(tonic::Response::into_inner));
        }
    }
}

/// The innermost text: the outer ones say no more than "transport error".
pub(super) fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
