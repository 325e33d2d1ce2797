//! An export never causes another one, even if the exporter's clients change the current context.
#![cfg(all(feature = "otlp-http", feature = "otlp-grpc", feature = "sdk-exporter", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::{OtlpConfig, Protocol};
use tracing_core_lite::opentelemetry::global;
use tracing_core_lite::opentelemetry::trace::Tracer as _;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter, Fanout};
use tracing_core_lite::testing::FakeOtlp;
use tracing_core_lite::{Context, Tracer, TracerProvider};
use tracing_subscriber::prelude::*;

const SOON: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Receiver;

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        _: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Counts the spans that pass to another exporter.
struct Counted<E>(E, Arc<AtomicUsize>);

impl<E: Exporter> Exporter for Counted<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.1.fetch_add(batch.span_count(), Ordering::SeqCst);
        self.0.export(batch, deadline)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.0.flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.0.shutdown(deadline)
    }
}

/// The server's threads are not part of the process under test, so they run without a subscriber.
fn grpc_receiver() -> (String, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .on_thread_start(|| {
            std::mem::forget(tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new()))
        })
        .build()
        .unwrap();
    // Its thread has started, and has its subscriber, before the subscriber of the test exists.
    runtime.block_on(runtime.spawn(async {})).unwrap();
    let incoming = runtime.block_on(async { TcpIncoming::bind(([127, 0, 0, 1], 0).into()) }).unwrap();
    let url = format!("http://{}", incoming.local_addr().unwrap());
    runtime.spawn(
        Server::builder().add_service(TraceServiceServer::new(Receiver)).serve_with_incoming(incoming),
    );
    (url, runtime)
}

/// The subscriber of the README without a filter. `h2` and `hyper` create spans, some of them with an explicit root
/// parent.
#[test]
fn a_bridge_without_a_filter_does_not_record_the_exporters() {
    let (grpc_url, _runtime) = grpc_receiver();
    let http = FakeOtlp::start().unwrap();
    let config = OtlpConfig::new();
    let grpc = config.clone().with_protocol(Protocol::Grpc).with_endpoint(grpc_url).build().unwrap();
    let both = Fanout::new(vec![grpc, config.with_endpoint(http.url()).build().unwrap()]);
    let count = Arc::new(AtomicUsize::new(0));
    let provider =
        TracerProvider::builder().with_exporter(Counted(both, Arc::clone(&count))).build().unwrap();
    tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("bridge")))
        .init();

    tracing::info_span!("work").in_scope(|| {});
    for _ in 0..10 {
        provider.flush(SOON).unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(http.spans().len(), 1);
}

/// An exporter that starts spans in every possible way while it exports.
struct Instrumented {
    bridge: TracerProvider,
    kept: MemoryExporter,
}

impl Instrumented {
    fn work(&self) {
        // Clients that reset the context, as h2 does.
        let _reset = Context::new().attach();
        let tracer = self.bridge.tracer("front");
        tracer.span("explicit root").with_parent(&Context::new()).start();
        tracer.span("current").start();
        drop(tracer.span_builder("API").start_with_context(&tracer, &Context::new()));
        drop(global::tracer("API").start_with_context("global", &Context::current()));
        Tracer::global_named("back").span("explicit root").with_parent(&Context::new()).start();
        Tracer::global_named("back").span("current").start();
    }
}

impl Exporter for Instrumented {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.work();
        // An exporter's own thread.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _suppressed = tracing_core_lite::context::suppress_tracing();
                self.work();
            });
        });
        self.kept.export(batch, deadline)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[test]
fn a_reset_of_the_context_does_not_end_the_suppression() {
    let sdk = InMemorySpanExporter::default();
    let own = MemoryExporter::new();
    let bridge = TracerProvider::builder().with_exporter(own.clone()).build().unwrap();
    let kept = MemoryExporter::new();
    let exporter = Instrumented { bridge: bridge.clone(), kept: kept.clone() };
    let provider = TracerProvider::builder().with_exporter(exporter).build().unwrap();
    // Layers without an installed provider record into opentelemetry_sdk.
    let foreign = SdkTracerProvider::builder().with_simple_exporter(sdk.clone()).build();
    global::set_tracer_provider(foreign);

    provider.tracer("test").span("work").with_parent(&Context::new()).start();
    provider.flush(SOON).unwrap();
    bridge.flush(SOON).unwrap();
    assert_eq!(kept.finished().len(), 1);
    assert_eq!(own.finished(), [], "the front door");
    let back: Vec<_> = sdk.get_finished_spans().unwrap();
    let back: Vec<_> = back.iter().filter(|span| span.instrumentation_scope.name() == "back").collect();
    assert_eq!(back.len(), 0, "the back door: {back:?}");

    // Other threads are not suppressed.
    bridge.tracer("front").span("work").with_parent(&Context::new()).start();
    Tracer::global_named("back").span("work").with_parent(&Context::new()).start();
    bridge.flush(SOON).unwrap();
    assert_eq!(own.finished().len(), 1);
    assert!(!sdk.get_finished_spans().unwrap().is_empty());
}
