//! Spans that use every field, and the comparison of sent and received spans.

use std::collections::HashMap;
use std::time::Duration;

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use tracing_core_lite::opentelemetry::{InstrumentationScope, KeyValue};
use tracing_core_lite::pipeline::{Exporter, Fanout};
use tracing_core_lite::sampling::AlwaysOn;
use tracing_core_lite::span::SpanLimits;
use tracing_core_lite::span::data::{FinishedSpan, ResourceSpans, SpanData};
use tracing_core_lite::{Resource, TracerProvider, Value};

/// How long an export may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Spans that were exported, as our encoder wrote them.
#[derive(Debug)]
pub struct Sample {
    /// The trace of all of them.
    pub trace: TraceId,
    /// The spans.
    pub spans: Vec<FinishedSpan>,
}

impl Sample {
    /// Records one span of each kind and status, with every field that OTLP has, and exports them through `exporter`.
    ///
    /// # Panics
    /// Panics if the export fails.
    #[must_use]
    pub fn export(exporter: Box<dyn Exporter>) -> Self {
        let memory = MemoryExporter::new();
        let limits = SpanLimits::default()
            .with_attributes(24)
            .with_events(3)
            .with_links(2)
            .with_attributes_per_event(2)
            .with_attributes_per_link(2);
        let provider = TracerProvider::builder()
            .with_resource(resource())
            .with_sampler(AlwaysOn)
            .with_span_limits(limits)
            .with_exporter(Fanout::new(vec![Box::new(memory.clone()), exporter]))
            .build()
            .expect("the provider can be built");
        let trace = record(&provider);
        provider.shutdown(TIMEOUT).expect("every span is exported");
        assert_eq!(provider.stats().lost(), 0, "{:?}", provider.exporter_stats());
        Self { trace, spans: memory.take() }
    }

    /// Compares these spans with the received ones.
    #[must_use]
    pub fn differences(&self, arrived: Vec<ResourceSpans>) -> Differences {
        let schemas: Vec<String> = arrived.iter().map(|it| it.schema_url.clone()).collect();
        let arrived = FinishedSpan::flatten(arrived);
        let by_id: HashMap<SpanId, &FinishedSpan> = arrived.iter().map(|it| (it.span.span_id, it)).collect();
        let mut found = Vec::new();
        for sent in &self.spans {
            match by_id.get(&sent.span.span_id) {
                None => found.push(format!("{} has not arrived", sent.span.name)),
                Some(it) if sorted(sent) == sorted(it) => {}
                Some(it) => found.push(format!("sent    {:?}\narrived {:?}", sorted(sent), sorted(it))),
            }
        }
        if by_id.len() != self.spans.len() {
            found.push(format!("{} spans were sent, and {} arrived", self.spans.len(), by_id.len()));
        }
        Differences { found, schemas }
    }
}

/// The differences between sent and received spans.
#[derive(Debug, Default)]
pub struct Differences {
    /// One entry for each span that differs.
    pub found: Vec<String>,
    /// The schemas of the received resources.
    pub schemas: Vec<String>,
}

/// Attributes are a map: a receiver may store them in any order.
fn sorted(span: &FinishedSpan) -> (Vec<String>, Vec<String>, SpanData) {
    let texts = |pairs: &[(String, _)]| {
        let mut texts: Vec<String> = pairs.iter().map(|pair| format!("{pair:?}")).collect();
        texts.sort();
        texts
    };
    let mut data = span.span.clone();
    data.attributes.sort_by(|a, b| a.0.cmp(&b.0));
    data.events.iter_mut().for_each(|event| event.attributes.sort_by(|a, b| a.0.cmp(&b.0)));
    data.links.iter_mut().for_each(|link| link.attributes.sort_by(|a, b| a.0.cmp(&b.0)));
    let mut scope = vec![span.scope.name.clone(), span.scope.version.clone()];
    scope.extend(texts(&span.scope.attributes));
    (texts(&span.resource), scope, data)
}

fn resource() -> Resource {
    Resource::builder()
        .with_service_name("shöp")
        .with_attribute("service.version", "1.2.3")
        .with_attribute("host.cpu.count", 2)
        .with_attribute("process.command_args", vec_of(["shop", "--all"]))
        .build()
}

fn vec_of<const N: usize>(texts: [&'static str; N]) -> tracing_core_lite::opentelemetry::Value {
    let texts =
        texts.into_iter().map(Into::into).collect::<Vec<tracing_core_lite::opentelemetry::StringValue>>();
    tracing_core_lite::opentelemetry::Value::Array(texts.into())
}

fn record(provider: &TracerProvider) -> TraceId {
    let scope = InstrumentationScope::builder("peer-tests")
        .with_version("0.1.0")
        .with_schema_url("https://opentelemetry.io/schemas/1.38.0")
        .with_attributes([KeyValue::new("scope.attribute", true)])
        .build();
    let tracer = provider.tracer_with_scope(scope);
    let state: TraceState = "vendor=a/b,ot=rv:0123456789abcd".parse().expect("a valid tracestate");
    let trace = TraceId::from(0x0123_4567_89ab_cdef_0000_0000_0000_0000 | u128::from(random()));
    let parent = SpanContext::new(trace, SpanId::from(random()), TraceFlags::new(3), true, state.clone());
    let other = SpanContext::new(
        TraceId::from(u128::from(random()) << 64 | 7),
        SpanId::from(random()),
        TraceFlags::SAMPLED,
        true,
        state,
    );
    let kinds =
        [SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer, SpanKind::Internal];
    let statuses = [
        Status::Unset,
        Status::Ok,
        Status::error("card declined: \u{201c}ung\u{fc}ltig\u{201d} \u{1f4b3}"),
        Status::error(""),
        Status::Unset,
    ];
    for (kind, status) in kinds.into_iter().zip(statuses) {
        let name = format!("{kind:?}");
        let span = tracer.span(&name).with_kind(kind).with_remote_parent(&parent).start();
        span.record(|span| {
            span.set("text", "gr\u{fc}n\n\u{1f600}\"'\\").set("empty", "").set("bool", true);
            span.set("least", i64::MIN).set("greatest", i64::MAX).set("double", 0.1 + 0.2);
            span.set("texts", &["a", ""][..]).set("ints", &[1_i64, -1][..]);
            for number in 0..20 {
                span.set(&format!("number.{number}"), number);
            }
            for number in 0..5_i64 {
                let attributes = [("a", Value::from(number)), ("b", Value::from("x")), ("c", Value::from(1))];
                span.add_event("event", &attributes);
            }
            span.add_follows_from(&other);
            span.add_link(&parent, &[("a", Value::from(1)), ("b", Value::from(2.5)), ("c", Value::from(3))]);
            span.add_link(&other, &[]);
            span.set_status(status);
        });
        span.end();
    }
    trace
}

/// Returns a number that is not zero.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() | 1
}
