//! The destinations of spans: exporters that only count them, or OTLP to a sink.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrace::collector::Config;
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::otlp::{OtlpConfig, Protocol};
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};

pub static SPANS: AtomicU64 = AtomicU64::new(0);
/// Attributes of the last span, for the table.
pub static ATTRIBUTES: AtomicU64 = AtomicU64::new(0);

/// The destination of a run's spans, and the length of its queue.
#[derive(Debug, Clone)]
pub struct Out {
    way: Way,
    pub queue: usize,
}

#[derive(Debug, Clone)]
enum Way {
    /// A counter: sending costs nothing.
    Counted,
    /// To this URL, by OTLP/HTTP.
    Http(String),
    /// To this URL, by OTLP/gRPC.
    Grpc(String),
}

impl Out {
    /// Enough for every span of a run, because a lost span costs less than an exported one.
    const QUEUE: usize = 1 << 20;

    pub fn counted() -> Self {
        Self { way: Way::Counted, queue: Self::QUEUE }
    }

    pub fn http(url: String) -> Self {
        Self { way: Way::Http(url), queue: Self::QUEUE }
    }

    pub fn grpc(url: String) -> Self {
        Self { way: Way::Grpc(url), queue: Self::QUEUE }
    }

    /// The host and port of an OTLP/HTTP receiver.
    pub fn http_address(&self) -> Option<&str> {
        match &self.way {
            Way::Http(url) => url.strip_prefix("http://"),
            Way::Counted | Way::Grpc(_) => None,
        }
    }

    pub fn with_queue(self, queue: usize) -> Self {
        Self { queue, ..self }
    }
}

/// The counter for opentelemetry_sdk.
#[derive(Debug)]
pub struct Sdk;

impl SpanExporter for Sdk {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        if let Some(span) = batch.last() {
            ATTRIBUTES.store(span.attributes.len() as u64, Ordering::Relaxed);
        }
        SPANS.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// The counter for this engine.
pub struct Ours;

impl Exporter for Ours {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        // Decodes one span: decoding is not part of the measured export.
        if ATTRIBUTES.load(Ordering::Relaxed) == 0 {
            let decoded = batch.decode().ok();
            let span = decoded.and_then(|mut all| all.pop()?.scope_spans.pop()?.spans.pop());
            ATTRIBUTES.store(span.map_or(0, |span| span.attributes.len() as u64), Ordering::Relaxed);
        }
        SPANS.fetch_add(batch.span_count() as u64, Ordering::Relaxed);
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

/// A provider of this suite.
pub fn ours(out: &Out) -> TracerProvider {
    let default = BatchLimits::default();
    // The limit in bytes grows with the number of spans.
    let max_queue_bytes = default.max_queue_bytes * out.queue.div_ceil(default.max_queue_size);
    let limits = default.with_max_queue_size(out.queue).with_max_queue_bytes(max_queue_bytes);
    let otlp = |protocol, url: &String| {
        let config = OtlpConfig::new().with_protocol(protocol).with_endpoint(url.as_str());
        config.build().expect("an exporter of which the URL is valid")
    };
    let builder = TracerProvider::builder().with_batch_limits(limits);
    let builder = match &out.way {
        Way::Counted => builder.with_exporter(Ours),
        Way::Http(url) => builder.with_exporter(otlp(Protocol::HttpProtobuf, url)),
        Way::Grpc(url) => builder.with_exporter(otlp(Protocol::Grpc, url)),
    };
    builder.build().expect("an export thread")
}

/// opentelemetry_sdk with its batch processor.
pub fn sdk(out: &Out) -> SdkTracerProvider {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    match out.way {
        Way::Counted => sdk_of(Sdk, out.queue),
        Way::Http(_) | Way::Grpc(_) => sdk_of(otlp(out), out.queue),
    }
}

pub fn sdk_of(exporter: impl SpanExporter + 'static, queue: usize) -> SdkTracerProvider {
    let batch = BatchConfigBuilder::default().with_max_queue_size(queue).build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batch).build();
    SdkTracerProvider::builder().with_span_processor(processor).build()
}

/// The exporter of opentelemetry-otlp.
pub fn otlp(out: &Out) -> OtlpExporter {
    let built = match &out.way {
        Way::Counted => unreachable!("the counters are no OTLP exporters"),
        Way::Http(url) => {
            OtlpExporter::builder().with_http().with_endpoint(format!("{url}/v1/traces")).build()
        }
        Way::Grpc(url) => {
            let _entered = runtime().enter();
            OtlpExporter::builder().with_tonic().with_endpoint(url.as_str()).build()
        }
    };
    built.expect("an exporter of which the URL is valid")
}

/// A runtime for tonic's channel, on a thread of its own.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("a runtime")
    })
}

/// fastrace's reporter, which passes its spans to exporters of opentelemetry_sdk.
pub fn fastrace(out: &Out) {
    let resource = Cow::Owned(Resource::builder().build());
    let scope = InstrumentationScope::builder("bench").build();
    match out.way {
        Way::Counted => {
            fastrace::set_reporter(OpenTelemetryReporter::new(Sdk, resource, scope), Config::default());
        }
        Way::Http(_) | Way::Grpc(_) => {
            // The default interval of a second is longer than most of these runs.
            let config = Config::default().report_interval(Duration::from_millis(10));
            let reporter = OpenTelemetryReporter::new(otlp(out), resource, scope);
            let reporter = reporter.with_block_on(|future| runtime().block_on(future));
            fastrace::set_reporter(reporter, config);
        }
    }
}
