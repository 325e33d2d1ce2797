//! The thread that owns the gRPC connection and its runtime.

use std::error::Error;
use std::io;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use tokio::sync::mpsc::UnboundedReceiver;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};

use super::codec::RawBytes;
use super::connection::{ConnectError, GrpcConnector};
use super::non_grpc::NonGrpcToStatus;
use crate::context::suppress_tracing;
use crate::cost::OwnThread;
use crate::pipeline::Batch;

const EXPORT: PathAndQuery =
    PathAndQuery::from_static("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
/// The most that is read of a reply, in bytes.
const MAX_REPLY: usize = 64 * 1024;

/// One call to make.
pub(super) struct Call {
    pub(super) batch: Batch,
    pub(super) timeout: Duration,
    pub(super) reply: SyncSender<Result<Bytes, Failure>>,
}

/// Why a call failed.
pub(super) struct Failure {
    pub(super) status: Status,
    /// The error of the connection, when it was not the receiver that answered.
    pub(super) transport: Option<String>,
    /// Whether there was no connection at all.
    pub(super) while_connecting: bool,
}

impl Failure {
    fn new(status: Status) -> Self {
        let transport = status.source().filter(|source| source.is::<tonic::transport::Error>());
        let connecting = find::<ConnectError>(status.source());
        Self {
            transport: connecting.map(ToString::to_string).or_else(|| transport.map(innermost)),
            while_connecting: connecting.is_some(),
            status,
        }
    }
}

pub(super) struct Worker {
    pub(super) endpoint: Endpoint,
    pub(super) connector: GrpcConnector,
    pub(super) metadata: MetadataMap,
    pub(super) compression: Option<CompressionEncoding>,
    pub(super) calls: UnboundedReceiver<Call>,
}

impl Worker {
    /// Starts the thread. It ends when the exporter is dropped.
    pub(super) fn spawn(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_start(|| std::mem::forget(suppress_tracing()))
            .build()?;
        std::thread::Builder::new().name("otlp-grpc".into()).spawn(move || {
            // The client is instrumented too. Its spans would be exported, and cause new ones.
            let (_suppressed, _own) = (suppress_tracing(), OwnThread::enter());
            runtime.block_on(self.run());
        })?;
        Ok(())
    }

    async fn run(mut self) {
        let channel = NonGrpcToStatus(self.endpoint.connect_with_connector_lazy(self.connector));
        let mut client = Grpc::new(channel).max_decoding_message_size(MAX_REPLY);
        if let Some(encoding) = self.compression {
            client = client.send_compressed(encoding).accept_compressed(encoding);
        }
        while let Some(call) = self.calls.recv().await {
            let mut request = Request::new(call.batch);
            *request.metadata_mut() = self.metadata.clone();
            request.set_timeout(call.timeout);
            let result = tokio::time::timeout(call.timeout, async {
                client.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
                client.unary(request, EXPORT, RawBytes).await
            });
            let result = result
                .await
                .unwrap_or_else(|_| Err(Status::new(Code::DeadlineExceeded, "no answer in time")));
            // The exporter may have given up waiting.
            let _ = call.reply.try_send(result.map(tonic::Response::into_inner).map_err(Failure::new));
        }
    }
}

/// Returns the first error of type `E` among `error` and its sources.
fn find<'a, E: Error + 'static>(mut error: Option<&'a (dyn Error + 'static)>) -> Option<&'a E> {
    while let Some(current) = error {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        error = current.source();
    }
    None
}

/// Returns the text of the innermost error, because the outer ones say no more than "transport error".
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
