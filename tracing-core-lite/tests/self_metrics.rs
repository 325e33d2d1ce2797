//! The metrics of the pipeline have the names, units and attributes of the semantic conventions, and exact counts.
#![cfg(all(feature = "self-metrics", feature = "otlp-http", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::{
    Batch, BatchLimits, ExportError, ExportResponse, Exported, Exporter, Fanout,
};
use tracing_core_lite::sampling::{AlwaysOff, ParentBased, Record, Sampler, SamplingDecision, SamplingInput};
use tracing_core_lite::testing::FakeOtlp;
use tracing_core_lite::{Context, SpanContext, TracerProvider, TracerProviderBuilder};

const TIMEOUT: Duration = Duration::from_secs(60);

/// The points of all metrics: name and attributes, and value or count.
type Points = BTreeMap<String, f64>;

/// A provider whose metrics are collected in memory.
struct Metered {
    provider: TracerProvider,
    meters: SdkMeterProvider,
    collected: InMemoryMetricExporter,
}

impl Metered {
    fn new(builder: TracerProviderBuilder) -> Self {
        let collected = InMemoryMetricExporter::default();
        let meters = SdkMeterProvider::builder().with_periodic_exporter(collected.clone()).build();
        let provider = builder.with_self_metrics(meters.meter("tracing")).build().unwrap();
        Self { provider, meters, collected }
    }

    fn with_exporter(exporter: impl Exporter) -> Self {
        let limits = BatchLimits::default().with_schedule_delay(Duration::from_secs(3600));
        Self::new(TracerProvider::builder().with_batch_limits(limits).with_exporter(exporter))
    }

    fn record(&self, spans: usize) {
        let tracer = self.provider.tracer("shop");
        (0..spans).for_each(|_| tracer.span("step").with_parent(&Context::new()).start().end());
    }

    /// Collects, and returns the points of the metric, as `key=value,…` to value.
    fn points(&self, metric: &str) -> Points {
        self.meters.force_flush().unwrap();
        let finished = self.collected.get_finished_metrics().unwrap();
        let last = finished.last().unwrap();
        let all = last.scope_metrics().flat_map(|scope| scope.metrics());
        all.filter(|found| found.name() == metric).flat_map(|found| points(found.data())).collect()
    }

    /// Collects, and returns the unit and the kind of each metric.
    fn instruments(&self) -> BTreeMap<String, (String, &'static str)> {
        self.meters.force_flush().unwrap();
        let finished = self.collected.get_finished_metrics().unwrap();
        let all = finished.last().unwrap().scope_metrics().flat_map(|scope| scope.metrics());
        all.map(|it| (it.name().to_owned(), (it.unit().to_owned(), kind(it.data())))).collect()
    }
}

fn kind(data: &AggregatedMetrics) -> &'static str {
    fn of<T>(data: &MetricData<T>) -> &'static str {
        match data {
            MetricData::Gauge(_) => "gauge",
            MetricData::Sum(sum) if sum.is_monotonic() => "counter",
            MetricData::Sum(_) => "updowncounter",
            MetricData::Histogram(_) | MetricData::ExponentialHistogram(_) => "histogram",
        }
    }
    match data {
        AggregatedMetrics::F64(data) => of(data),
        AggregatedMetrics::U64(data) => of(data),
        AggregatedMetrics::I64(data) => of(data),
    }
}

fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let mut all: Vec<_> = attributes.map(|it| format!("{}={}", it.key, it.value)).collect();
    all.sort();
    all.join(",")
}

fn points(data: &AggregatedMetrics) -> Vec<(String, f64)> {
    macro_rules! of {
        ($data:expr) => {
            match $data {
                MetricData::Gauge(it) => {
                    it.data_points().map(|it| (labels(it.attributes()), it.value() as f64)).collect()
                }
                MetricData::Sum(it) => {
                    it.data_points().map(|it| (labels(it.attributes()), it.value() as f64)).collect()
                }
                MetricData::Histogram(it) => {
                    it.data_points().map(|it| (labels(it.attributes()), it.count() as f64)).collect()
                }
                MetricData::ExponentialHistogram(_) => panic!("not used"),
            }
        };
    }
    match data {
        AggregatedMetrics::F64(data) => of!(data),
        AggregatedMetrics::U64(data) => of!(data),
        AggregatedMetrics::I64(data) => of!(data),
    }
}

fn expected<const N: usize>(points: [(&str, f64); N]) -> Points {
    points.into_iter().map(|(labels, value)| (labels.to_owned(), value)).collect()
}

/// An exporter whose attempts have the results of a list, and then succeed.
#[derive(Default)]
struct Scripted {
    results: Vec<(Result<Exported, ExportError>, ExportResponse)>,
    last: ExportResponse,
    /// Says that an export has begun, and waits until it may go on.
    pauses: Option<(SyncSender<()>, Receiver<()>)>,
}

impl Scripted {
    fn new(results: Vec<(Result<Exported, ExportError>, ExportResponse)>) -> Self {
        Self { results, ..Self::default() }
    }
}

impl Exporter for Scripted {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        if let Some((begun, go_on)) = &self.pauses {
            begun.send(()).unwrap();
            let _ = go_on.recv();
        }
        let (result, response) = match self.results.is_empty() {
            true => (Ok(Exported::default()), ExportResponse::of_http(200)),
            false => self.results.remove(0),
        };
        self.last = response;
        result
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn destination(&self) -> Option<&str> {
        Some("https://collector.example/v1/traces")
    }

    fn component_type(&self) -> &'static str {
        "scripted"
    }

    fn last_response(&self) -> ExportResponse {
        self.last
    }
}

const PROCESSOR: &str =
    "otel.component.name=batching_span_processor/0,otel.component.type=batching_span_processor";
const SCRIPTED: &str = "otel.component.name=scripted/0,otel.component.type=scripted,\
    server.address=collector.example,server.port=443";

fn failed(class: &str, component: &str) -> String {
    format!("error.type={class},{component}")
}

fn busy() -> (Result<Exported, ExportError>, ExportResponse) {
    let error = ExportError::Retryable { reason: "busy".into(), after: Some(Duration::from_millis(1)) };
    (Err(error), ExportResponse::of_http(503))
}

fn refused() -> (Result<Exported, ExportError>, ExportResponse) {
    (Err(ExportError::Permanent { reason: "bad".into() }), ExportResponse::of_http(400))
}

#[test]
fn names_instruments_and_units_are_those_of_the_conventions() {
    let metered = Metered::with_exporter(Scripted::default());
    metered.record(10_000);
    metered.provider.flush(TIMEOUT).unwrap();
    let instruments = metered.instruments();
    let all = [
        ("otel.sdk.span.live", "{span}", "updowncounter"),
        ("otel.sdk.span.started", "{span}", "counter"),
        ("otel.sdk.processor.span.queue.size", "{span}", "updowncounter"),
        ("otel.sdk.processor.span.queue.capacity", "{span}", "updowncounter"),
        ("otel.sdk.processor.span.processed", "{span}", "counter"),
        ("otel.sdk.exporter.span.inflight", "{span}", "updowncounter"),
        ("otel.sdk.exporter.span.exported", "{span}", "counter"),
        ("otel.sdk.exporter.operation.duration", "s", "histogram"),
        ("span_creation_duration_seconds", "s", "histogram"),
        ("span_export_duration_seconds", "s", "histogram"),
        ("span_buffer_size", "{span}", "gauge"),
        ("span_export_errors_total", "{error}", "counter"),
        ("instrumentation_cpu_usage_percent", "%", "gauge"),
    ];
    assert_eq!(instruments.len(), all.len(), "{instruments:?}");
    for (name, unit, kind) in all {
        assert_eq!(instruments.get(name), Some(&(unit.to_owned(), kind)), "{name}");
    }
}

/// Records roots of some names in a way of their own.
#[derive(Debug)]
struct ByName;

impl Sampler for ByName {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        match input.name {
            "dropped" => Record::Drop.into(),
            "only" => Record::RecordOnly.into(),
            _ => Record::RecordAndSample.into(),
        }
    }

    fn description(&self) -> String {
        "ByName".into()
    }
}

#[test]
fn spans_are_counted_by_decision_and_by_parent() {
    let builder = TracerProvider::builder()
        .with_sampler(ParentBased::new(ByName).with_remote_parent_not_sampled(AlwaysOff))
        .with_exporter(MemoryExporter::new());
    let metered = Metered::new(builder);
    let tracer = metered.provider.tracer("shop");
    let remote = |sampled: bool| {
        let flags = TraceFlags::default().with_sampled(sampled);
        let parent = SpanContext::new(TraceId::from(1), SpanId::from(1), flags, true, TraceState::NONE);
        Context::new().with_remote_span_context(parent)
    };
    let open = tracer.span("open").with_parent(&Context::new()).start();
    let context = open.in_context(&Context::new());
    for _ in 0..3 {
        tracer.span("child").with_parent(&context).start().end();
    }
    for _ in 0..4 {
        tracer.span("dropped").with_parent(&Context::new()).start().end();
    }
    for _ in 0..5 {
        tracer.span("only").with_parent(&Context::new()).start().end();
    }
    let only = tracer.span("only").with_parent(&Context::new()).start();
    for _ in 0..6 {
        tracer.span("request").with_parent(&remote(true)).start().end();
    }
    for _ in 0..7 {
        tracer.span("request").with_parent(&remote(false)).start().end();
    }
    let started = metered.points("otel.sdk.span.started");
    assert_eq!(
        started,
        expected([
            ("otel.span.parent.origin=none,otel.span.sampling_result=RECORD_AND_SAMPLE", 1.0),
            ("otel.span.parent.origin=local,otel.span.sampling_result=RECORD_AND_SAMPLE", 3.0),
            ("otel.span.parent.origin=remote,otel.span.sampling_result=RECORD_AND_SAMPLE", 6.0),
            ("otel.span.parent.origin=none,otel.span.sampling_result=DROP", 4.0),
            ("otel.span.parent.origin=remote,otel.span.sampling_result=DROP", 7.0),
            ("otel.span.parent.origin=none,otel.span.sampling_result=RECORD_ONLY", 6.0),
        ])
    );
    let live = |only, sampled| {
        expected([
            ("otel.span.sampling_result=RECORD_ONLY", only),
            ("otel.span.sampling_result=RECORD_AND_SAMPLE", sampled),
        ])
    };
    assert_eq!(metered.points("otel.sdk.span.live"), live(1.0, 1.0));
    drop((open, only));
    assert_eq!(metered.points("otel.sdk.span.live"), live(0.0, 0.0));
    metered.provider.flush(TIMEOUT).unwrap();
    // Ten are exported, and six are recorded but not sampled.
    assert_eq!(metered.points("otel.sdk.processor.span.processed"), expected([(PROCESSOR, 16.0)]));
}

#[test]
fn spans_wait_in_the_queue_and_are_then_in_flight() {
    let (begun, has_begun) = sync_channel(8);
    let (go_on, goes_on) = sync_channel(8);
    let metered = Metered::with_exporter(Scripted { pauses: Some((begun, goes_on)), ..Scripted::default() });
    metered.record(7);
    let figures = || {
        [
            ("otel.sdk.processor.span.queue.size", PROCESSOR),
            ("otel.sdk.exporter.span.inflight", SCRIPTED),
            ("span_buffer_size", ""),
        ]
        .map(|(metric, labels)| metered.points(metric)[labels])
    };
    assert_eq!(figures(), [7.0, 0.0, 7.0]);
    assert_eq!(metered.points("otel.sdk.processor.span.queue.capacity"), expected([(PROCESSOR, 65_536.0)]));
    std::thread::scope(|scope| {
        let flushed = scope.spawn(|| metered.provider.flush(TIMEOUT));
        has_begun.recv().unwrap();
        assert_eq!(figures(), [0.0, 7.0, 7.0]);
        assert_eq!(metered.points("otel.sdk.processor.span.processed"), expected([(PROCESSOR, 7.0)]));
        assert_eq!(metered.points("otel.sdk.exporter.span.exported"), expected([(SCRIPTED, 0.0)]));
        metered.record(2);
        assert_eq!(figures(), [2.0, 7.0, 9.0]);
        go_on.send(()).unwrap();
        assert_eq!(flushed.join().unwrap(), Ok(()));
    });
    assert_eq!(figures(), [2.0, 0.0, 2.0]);
    assert_eq!(metered.points("otel.sdk.exporter.span.exported"), expected([(SCRIPTED, 7.0)]));
    drop(go_on);
}

#[test]
fn dropped_spans_are_failures_of_the_processor() {
    let limits = BatchLimits::default().with_max_queue_size(4).with_schedule_delay(Duration::from_secs(3600));
    let (begun, has_begun) = sync_channel(64);
    let (go_on, goes_on) = sync_channel::<()>(64);
    let exporter = Scripted { pauses: Some((begun, goes_on)), ..Scripted::default() };
    let metered = Metered::new(TracerProvider::builder().with_batch_limits(limits).with_exporter(exporter));
    metered.record(50);
    has_begun.recv().unwrap();
    // Nothing is exported any more, so all further spans are dropped.
    let dropped = metered.provider.stats().dropped_queue_full;
    metered.record(20);
    let dropped_more = metered.provider.stats().dropped_queue_full;
    assert!(dropped_more > dropped);
    drop(go_on);
    metered.provider.shutdown(TIMEOUT).ok();
    let stats = metered.provider.stats();
    let open = metered.points("otel.sdk.processor.span.processed");
    assert_eq!(open[&failed("queue_full", PROCESSOR)], stats.dropped_queue_full as f64);
    assert_eq!(open[PROCESSOR], stats.exported as f64);
    assert_eq!(stats.exported + stats.dropped_queue_full, 70);
    assert_eq!(open.len(), 2);
}

#[test]
fn a_batch_that_is_repeated_is_one_operation() {
    let metered = Metered::with_exporter(Scripted::new(vec![busy(), busy()]));
    metered.record(3);
    metered.provider.flush(TIMEOUT).unwrap();
    assert_eq!(metered.points("otel.sdk.exporter.span.exported"), expected([(SCRIPTED, 3.0)]));
    assert_eq!(metered.points("span_export_errors_total"), expected([("", 2.0)]));
    let duration = format!("http.response.status_code=200,{SCRIPTED}");
    assert_eq!(metered.points("otel.sdk.exporter.operation.duration"), expected([(&*duration, 1.0)]));
    assert_eq!(metered.points("span_export_duration_seconds"), expected([("", 1.0)]));
}

#[test]
fn failures_are_counted_by_their_cause() {
    let rejected = (Ok(Exported::new(2, "no")), ExportResponse::of_http(200));
    let down = || {
        let error = ExportError::Permanent { reason: "down".into() };
        (Err(error), ExportResponse::of_failure("connection_refused"))
    };
    let metered = Metered::with_exporter(Scripted::new(vec![refused(), rejected, down()]));
    for spans in [3, 5, 4, 6] {
        metered.record(spans);
        let _ = metered.provider.flush(TIMEOUT);
    }
    let exported = metered.points("otel.sdk.exporter.span.exported");
    let classes = ["400", "rejected", "connection_refused"].map(|class| failed(class, SCRIPTED));
    let [refused, rejected, down] = &classes;
    let spans = expected([(SCRIPTED, 9.0), (refused, 3.0), (rejected, 2.0), (down, 4.0)]);
    assert_eq!(exported, spans);
    assert_eq!(metered.points("span_export_errors_total"), expected([("", 2.0)]));
    let operations = metered.points("otel.sdk.exporter.operation.duration");
    let http = |class: &str, status: &str| {
        let labels = format!("http.response.status_code={status},{SCRIPTED}");
        if class.is_empty() { labels } else { failed(class, &labels) }
    };
    let all = [
        http("", "200"),
        http("400", "400"),
        http("rejected", "200"),
        failed("connection_refused", SCRIPTED),
    ];
    assert_eq!(operations, all.into_iter().map(|labels| (labels, 1.0)).collect());
    assert_eq!(metered.points("otel.sdk.processor.span.processed"), expected([(PROCESSOR, 18.0)]));
}

#[test]
fn each_of_several_exporters_has_its_own_counts() {
    let exporters: Vec<Box<dyn Exporter>> =
        vec![Box::new(Scripted::default()), Box::new(Scripted::new(vec![refused()]))];
    let metered = Metered::with_exporter(Fanout::new(exporters));
    metered.record(3);
    let _ = metered.provider.flush(TIMEOUT);
    let second = SCRIPTED.replace("scripted/0", "scripted/1");
    let refused = failed("400", &second);
    let spans = expected([(SCRIPTED, 3.0), (&*second, 0.0), (&*refused, 3.0)]);
    assert_eq!(metered.points("otel.sdk.exporter.span.exported"), spans);
    assert_eq!(metered.points("span_export_errors_total"), expected([("", 1.0)]));
    assert_eq!(
        metered.points("otel.sdk.exporter.span.inflight"),
        expected([(SCRIPTED, 0.0), (&*second, 0.0)])
    );
    assert_eq!(metered.points("otel.sdk.exporter.operation.duration").values().sum::<f64>(), 2.0);
}

#[test]
fn an_otlp_exporter_names_its_type_server_and_status() {
    let endpoint = FakeOtlp::start().unwrap();
    let exporter = OtlpConfig::new().with_endpoint(endpoint.url()).build().unwrap();
    let metered = Metered::with_exporter(exporter);
    metered.record(2);
    metered.provider.flush(TIMEOUT).unwrap();
    let exported = metered.points("otel.sdk.exporter.span.exported");
    let (labels, spans) = exported.iter().next().unwrap();
    assert_eq!(*spans, 2.0);
    let component =
        "otel.component.name=otlp_http_span_exporter/0,otel.component.type=otlp_http_span_exporter";
    assert!(labels.starts_with(&format!("{component},server.address=127.0.0.1,server.port=")), "{labels}");
    let operations = metered.points("otel.sdk.exporter.operation.duration");
    assert!(
        operations.keys().all(|labels| labels.starts_with("http.response.status_code=200,")),
        "{operations:?}"
    );
}

#[test]
fn the_creation_of_one_span_in_256_is_timed() {
    let metered = Metered::with_exporter(MemoryExporter::new());
    // Two calls for each span: its start and its end.
    const SPANS: f64 = 60_000.0;
    metered.record(SPANS as usize);
    let samples = metered.points("span_creation_duration_seconds")[""];
    assert!(samples > SPANS / 256.0 / 2.0 && samples < SPANS / 256.0 * 2.0, "{samples}");
    assert!(metered.points("instrumentation_cpu_usage_percent")[""] > 0.0);
}

#[test]
fn without_the_setting_there_are_no_metrics() {
    let collected = InMemoryMetricExporter::default();
    let meters = SdkMeterProvider::builder().with_periodic_exporter(collected.clone()).build();
    let provider = TracerProvider::builder().build().unwrap();
    provider.tracer("shop").span("step").start().end();
    meters.force_flush().unwrap();
    let finished = collected.get_finished_metrics().unwrap();
    assert!(finished.iter().all(|it| it.scope_metrics().next().is_none()));
}
