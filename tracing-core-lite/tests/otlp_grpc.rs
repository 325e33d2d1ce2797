//! OTLP over gRPC against a real tonic server: the requests, and the meaning of each status.
#![cfg(feature = "otlp-grpc")]
#![allow(clippy::unwrap_used)]

mod requests;

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::bytes::Bytes;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig, OtlpConfigError, OtlpGrpc, Protocol};
use tracing_core_lite::pipeline::{ExportError, Exported, Exporter};

type Answer = Result<ExportTraceServiceResponse, Status>;

#[derive(Clone, Default)]
struct Receiver {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    received: Arc<Mutex<Vec<(MetadataMap, ExportTraceServiceRequest)>>>,
    delay: Duration,
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.received.lock().unwrap().push((metadata, message));
        let answer = self.answers.lock().unwrap().pop_front();
        tokio::time::sleep(self.delay).await;
        answer.unwrap_or_else(|| Ok(ExportTraceServiceResponse::default())).map(Response::new)
    }
}

/// A running server, which stops when it is dropped.
struct Running {
    address: SocketAddr,
    receiver: Receiver,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Running {
    fn start(receiver: Receiver) -> Self {
        Self::start_at(receiver, ([127, 0, 0, 1], 0).into())
    }

    fn start_at(receiver: Receiver, address: SocketAddr) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let service = TraceServiceServer::new(receiver.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip);
        let incoming = runtime.block_on(async { TcpIncoming::bind(address) }).unwrap();
        let address = incoming.local_addr().unwrap();
        runtime.spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        Self { address, receiver, runtime: Some(runtime) }
    }

    fn config(&self) -> OtlpConfig {
        OtlpConfig::new().with_protocol(Protocol::Grpc).with_endpoint(format!("http://{}", self.address))
    }

    fn answer(&self, answer: Answer) {
        self.receiver.answers.lock().unwrap().push_back(answer);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[test]
fn batches_arrive_as_they_are() {
    let server = Running::start(Receiver::default());
    let mut exporter = server.config().with_header("X-Tenant", "shop").build().unwrap();
    for count in [1, 2, 2000] {
        assert_eq!(exporter.export(&requests::batch(count), soon()), Ok(Exported::default()));
    }
    let received = server.receiver.received.lock().unwrap();
    let (metadata, message) = &received[2];
    assert_eq!(*message, requests::request(2000));
    assert_eq!(metadata.get("x-tenant").unwrap(), "shop");
    assert!(metadata.get("user-agent").unwrap().to_str().unwrap().starts_with("OTel-OTLP-Exporter-Rust-"));
    assert!(metadata.get("grpc-encoding").is_none());
}

#[cfg(feature = "gzip")]
#[test]
fn gzip_if_configured() {
    let server = Running::start(Receiver::default());
    let mut exporter = server.config().with_compression(Compression::Gzip).build().unwrap();
    exporter.export(&requests::batch(100), soon()).unwrap();
    let received = server.receiver.received.lock().unwrap();
    assert_eq!(received[0].1, requests::request(100));
    assert_eq!(received[0].0.get("grpc-encoding").unwrap(), "gzip");
}

#[test]
fn a_partial_success_is_passed_on() {
    let server = Running::start(Receiver::default());
    let partial = ExportTracePartialSuccess { rejected_spans: 4, error_message: "too many".into() };
    server.answer(Ok(ExportTraceServiceResponse { partial_success: Some(partial) }));
    let mut exporter = server.config().build().unwrap();
    let expected = Exported::new(4, "too many");
    assert_eq!(exporter.export(&requests::batch(5), soon()), Ok(expected));
}

/// A `google.rpc.Status` with a `RetryInfo` of 2.5 s.
fn retry_info() -> Bytes {
    let delay = [0x0a, 8, 0x08, 2, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01];
    let type_url = b"type.googleapis.com/google.rpc.RetryInfo";
    let mut any = vec![0x0a, u8::try_from(type_url.len()).unwrap()];
    any.extend_from_slice(type_url);
    any.extend_from_slice(&[0x12, 10]);
    any.extend_from_slice(&delay);
    let mut status = vec![0x08, 8, 0x1a, u8::try_from(any.len()).unwrap()];
    status.extend_from_slice(&any);
    Bytes::from(status)
}

#[test]
fn statuses_have_the_meaning_that_otlp_defines() {
    let server = Running::start(Receiver::default());
    let mut exporter = server.config().build().unwrap();
    let mut answered = |status: Status| {
        server.answer(Err(status));
        exporter.export(&requests::batch(1), soon()).unwrap_err()
    };
    for code in (1..=16).map(Code::from) {
        let retryable = matches!(code as i32, 1 | 4 | 10 | 11 | 14 | 15);
        let error = answered(Status::new(code, "because"));
        assert_eq!(
            matches!(error, ExportError::Retryable { after: None, .. }),
            retryable,
            "{code:?}: {error:?}"
        );
        assert!(error.to_string().contains(": because"), "{error}");
    }
    for (code, expected) in
        [(Code::ResourceExhausted, true), (Code::Unavailable, true), (Code::Internal, false)]
    {
        let error = answered(Status::with_details(code, "busy", retry_info()));
        let after = match error {
            ExportError::Retryable { after, .. } => after,
            _ => None,
        };
        assert_eq!(after, expected.then_some(Duration::from_millis(2500)), "{code:?}");
    }
    let broken = answered(Status::with_details(Code::ResourceExhausted, "", Bytes::from_static(&[0x1a, 9])));
    assert!(matches!(broken, ExportError::Permanent { .. }), "{broken:?}");
}

#[test]
fn servers_of_all_languages_can_say_that_a_message_is_too_large() {
    let server = Running::start(Receiver::default());
    let mut exporter = server.config().build().unwrap();
    for (code, message, is_size) in [
        (Code::ResourceExhausted, "grpc: received message larger than max (5242880 vs. 4194304)", true),
        (Code::ResourceExhausted, "Received message larger than max (5242880 vs. 4194304)", true),
        (Code::ResourceExhausted, "gRPC message exceeds maximum size 4194304: 5242880", true),
        (
            Code::OutOfRange,
            "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes",
            true,
        ),
        (Code::ResourceExhausted, "too many requests", false),
        (Code::OutOfRange, "the timestamp is out of range", false),
        (Code::Internal, "message too large", false),
    ] {
        server.answer(Err(Status::new(code, message)));
        let error = exporter.export(&requests::batch(1), soon()).unwrap_err();
        assert_eq!(matches!(error, ExportError::TooLarge { .. }), is_size, "{message}: {error:?}");
    }
}

#[test]
fn a_receiver_that_comes_back_is_reached_again() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = OtlpConfig::new().with_protocol(Protocol::Grpc).with_endpoint(format!("http://{free}"));
    let mut exporter = config.build().unwrap();
    let result = exporter.export(&requests::batch(1), soon());
    assert!(matches!(result, Err(ExportError::Retryable { .. })), "{result:?}");

    let mut first = Running::start_at(Receiver::default(), free);
    assert_eq!(exporter.export(&requests::batch(1), soon()), Ok(Exported::default()));
    first.runtime.take().unwrap().shutdown_timeout(Duration::from_secs(1));
    let result = exporter.export(&requests::batch(1), soon());
    assert!(matches!(result, Err(ExportError::Retryable { .. })), "{result:?}");
}

#[test]
fn an_attempt_ends_at_its_timeout_and_at_the_deadline() {
    let hour = Duration::from_secs(3600);
    let patient = Running::start(Receiver::default());
    let mut exporter = patient.config().with_timeout(Duration::ZERO).build().unwrap();
    let never = Instant::now() + Duration::from_secs(1_000_000_000);
    assert_eq!(exporter.export(&requests::batch(1), never), Ok(Exported::default()));

    let server = Running::start(Receiver { delay: hour, ..Receiver::default() });
    for (timeout, deadline) in [(Duration::from_millis(200), hour), (hour, Duration::from_millis(200))] {
        let begin = Instant::now();
        let mut exporter = server.config().with_timeout(timeout).build().unwrap();
        let result = exporter.export(&requests::batch(1), begin + deadline);
        assert!(matches!(result, Err(ExportError::Retryable { .. })), "{result:?}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
}

#[test]
fn it_works_with_and_without_a_runtime_around_it() {
    let server = Running::start(Receiver::default());
    let config = server.config();
    let go = move || {
        let mut exporter = OtlpGrpc::new(&config).unwrap();
        assert_eq!(exporter.export(&requests::batch(1), soon()), Ok(Exported::default()));
        exporter.shutdown(soon()).unwrap();
    };
    std::thread::spawn(go.clone()).join().unwrap();
    let current_thread = tokio::runtime::Builder::new_current_thread().build().unwrap();
    current_thread.block_on(async { go() });
    let multi_thread = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    multi_thread.block_on(async { go() });
    multi_thread.block_on(async { tokio::spawn(async move { go() }).await.unwrap() });
    assert_eq!(server.receiver.received.lock().unwrap().len(), 4);
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let server = Running::start(Receiver::default());
    server.answer(Err(Status::unauthenticated("no such token: t0psecret")));
    let mut exporter =
        OtlpGrpc::new(&server.config().with_header("authorization", "Bearer t0psecret")).unwrap();
    let error = exporter.export(&requests::batch(1), soon()).unwrap_err();
    let text = format!("{exporter:?} {error:?} {error}");
    assert!(text.contains("UNAUTHENTICATED") && !text.contains("t0psecret"), "{text}");
    let received = server.receiver.received.lock().unwrap();
    assert_eq!(received[0].0.get("authorization").unwrap(), "Bearer t0psecret");
}

#[test]
fn unusable_configurations_are_typed_errors() {
    let error = |config: OtlpConfig| OtlpGrpc::new(&config).unwrap_err();
    let grpc = || OtlpConfig::new().with_protocol(Protocol::Grpc);
    assert!(matches!(error(grpc().with_endpoint("http://")), OtlpConfigError::Endpoint { .. }));
    let binary = grpc().with_header("x-bin", "s3cret");
    assert!(matches!(error(binary), OtlpConfigError::Header { name } if name == "x-bin"));
    #[cfg(not(feature = "tls"))]
    assert!(matches!(error(grpc().endpoint("c:4317")), OtlpConfigError::Feature { feature: "tls", .. }));
    #[cfg(not(feature = "gzip"))]
    assert!(matches!(error(grpc().compression(Compression::Gzip)), OtlpConfigError::Feature { .. }));
}

/// Much more than the connection accepts before the receiver reads.
#[test]
fn the_largest_batches_arrive_as_they_are() {
    let running = Running::start(Receiver::default());
    let provider = tracing_core_lite::TracerProvider::builder()
        .with_exporter(running.config().build().unwrap())
        .build()
        .unwrap();
    for scope in ["a", "b"].repeat(1_000) {
        let span = provider.tracer(scope).span(scope).with_parent(&tracing_core_lite::Context::new()).start();
        span.set("text", "x".repeat(6_000).as_str());
    }
    provider.shutdown(Duration::from_secs(10)).unwrap();
    let received = running.receiver.received.lock().unwrap();
    let scopes =
        received.iter().flat_map(|(_, request)| &request.resource_spans).flat_map(|it| &it.scope_spans);
    let spans: Vec<_> = scopes
        .flat_map(|scope| scope.spans.iter().map(|span| (&scope.scope.as_ref().unwrap().name, &span.name)))
        .collect();
    assert!(spans.iter().all(|(scope, span)| scope == span));
    assert_eq!((spans.len(), provider.stats().exported), (2_000, 2_000));
}
