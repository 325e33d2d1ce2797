//! Every span that the API can express decodes with `opentelemetry-proto` to the same span.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant, SystemTime};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1 as proto;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use tracing_core_lite::layer_support::PreparedAttributes;
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, Resource, SpanContext, SpanKind, Status, TracerProvider, Value};

/// An exporter that keeps the exported bytes.
#[derive(Clone, Default)]
struct Requests(std::sync::Arc<std::sync::Mutex<Vec<Batch>>>);

impl Exporter for Requests {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        self.0.lock().unwrap().push(batch.clone());
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[derive(Debug, Clone)]
enum Any {
    Str(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    Strings(Vec<String>),
    Bools(Vec<bool>),
    Ints(Vec<i64>),
    Doubles(Vec<f64>),
}

impl Any {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Str(value) => value.into(),
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Double(value) => (*value).into(),
            Self::Strings(values) => values.into(),
            Self::Bools(values) => values.into(),
            Self::Ints(values) => values.into(),
            Self::Doubles(values) => values.into(),
        }
    }

    fn proto(&self) -> AnyValue {
        fn array<T>(items: &[T], item: impl Fn(&T) -> any_value::Value) -> any_value::Value {
            let values = items.iter().map(|value| AnyValue { value: Some(item(value)) }).collect();
            any_value::Value::ArrayValue(ArrayValue { values })
        }
        let value = match self {
            Self::Str(value) => any_value::Value::StringValue(value.clone()),
            Self::Bool(value) => any_value::Value::BoolValue(*value),
            Self::Int(value) => any_value::Value::IntValue(*value),
            Self::Double(value) => any_value::Value::DoubleValue(*value),
            Self::Strings(values) => array(values, |value| any_value::Value::StringValue(value.clone())),
            Self::Bools(values) => array(values, |value| any_value::Value::BoolValue(*value)),
            Self::Ints(values) => array(values, |value| any_value::Value::IntValue(*value)),
            Self::Doubles(values) => array(values, |value| any_value::Value::DoubleValue(*value)),
        };
        AnyValue { value: Some(value) }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z.]{1,12}",
        ".{0,40}",
        "[ä€😀]{30,80}",
        "x{120,140}",
        "y{16000,17000}"
    ]
}

fn any_value() -> impl Strategy<Value = Any> {
    // NaN is excluded only because it does not equal itself.
    let double = any::<f64>().prop_filter("comparable", |value| !value.is_nan());
    prop_oneof![
        text().prop_map(Any::Str),
        any::<bool>().prop_map(Any::Bool),
        any::<i64>().prop_map(Any::Int),
        double.clone().prop_map(Any::Double),
        vec(text(), 0..4).prop_map(Any::Strings),
        vec(any::<bool>(), 0..4).prop_map(Any::Bools),
        vec(any::<i64>(), 0..4).prop_map(Any::Ints),
        vec(double, 0..4).prop_map(Any::Doubles),
    ]
}

type Attributes = Vec<(String, Any)>;

/// Some keys repeat, in which case the last value wins.
fn attributes() -> impl Strategy<Value = Attributes> {
    vec((prop_oneof!["[abc]", "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", ".{1,30}", "k{130}"], any_value()), 0..24)
}

fn span_context() -> impl Strategy<Value = SpanContext> {
    let states = prop_oneof![Just(""), Just("a=1"), Just("ot=th:8,vendor=x")];
    (1_u128.., 1_u64.., any::<u8>(), any::<bool>(), states).prop_map(|(trace, span, flags, remote, state)| {
        SpanContext::new(
            TraceId::from(trace),
            SpanId::from(span),
            TraceFlags::new(flags),
            remote,
            state.parse::<TraceState>().unwrap(),
        )
    })
}

/// The attributes of events, usually a duration.
fn event_attributes() -> impl Strategy<Value = Attributes> {
    let key = prop_oneof![Just(String::new()), "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", "k{85,100}"];
    let duration = (key, 0.0..1e9).prop_map(|(key, seconds)| vec![(key, Any::Double(seconds))]);
    prop_oneof![duration, attributes()]
}

#[derive(Debug, Clone)]
struct Described {
    name: String,
    kind: SpanKind,
    parent: Option<SpanContext>,
    attributes: Attributes,
    /// The number of attributes that are set one by one before the prepared ones.
    alone: usize,
    events: Vec<(String, u32, Attributes)>,
    links: Vec<(SpanContext, Attributes)>,
    status: Vec<Status>,
    start: u32,
    duration: u32,
}

fn described() -> impl Strategy<Value = Described> {
    let kinds = prop_oneof![
        Just(SpanKind::Internal),
        Just(SpanKind::Server),
        Just(SpanKind::Client),
        Just(SpanKind::Producer),
        Just(SpanKind::Consumer)
    ];
    let statuses = prop_oneof![Just(Status::Unset), Just(Status::Ok), text().prop_map(Status::error)];
    (
        (text(), kinds, proptest::option::of(span_context()), attributes(), 0..48_usize),
        vec((text(), any::<u32>(), event_attributes()), 0..4),
        vec((span_context(), attributes()), 0..4),
        vec(statuses, 0..3),
        (any::<u32>(), any::<u32>()),
    )
        .prop_map(
            |((name, kind, parent, attributes, alone), events, links, status, (start, duration))| {
                let alone = alone.min(attributes.len());
                Described { name, kind, parent, attributes, alone, events, links, status, start, duration }
            },
        )
}

fn time(seconds: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(seconds.into(), 7)
}

fn nanos(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64
}

fn borrowed(attributes: &Attributes) -> Vec<(&str, Value<'_>)> {
    attributes.iter().map(|(key, value)| (key.as_str(), value.value())).collect()
}

/// Returns the last value of each key, in the order in which the keys were set.
fn unique(attributes: &Attributes) -> Vec<KeyValue> {
    let later = |index: usize, key: &str| attributes[index + 1..].iter().any(|(other, _)| other == key);
    attributes
        .iter()
        .enumerate()
        .filter(|(index, (key, _))| !key.is_empty() && !later(*index, key))
        .map(|(_, (key, value))| KeyValue {
            key: key.clone(),
            value: Some(value.proto()),
            ..KeyValue::default()
        })
        .collect()
}

fn flags(span_context: Option<&SpanContext>, trace_flags: u8) -> u32 {
    let remote = span_context.is_some_and(SpanContext::is_remote);
    u32::from(trace_flags) | 0x100 | if remote { 0x200 } else { 0 }
}

fn expected(span: &Described, recorded: &SpanContext) -> proto::Span {
    let status = span.status.iter().fold(None, |before, status| match (before, status) {
        (Some(Status::Ok), _) => Some(Status::Ok),
        (before, Status::Unset) => before,
        (_, status) => Some(status.clone()),
    });
    proto::Span {
        trace_id: recorded.trace_id().to_bytes().to_vec(),
        span_id: recorded.span_id().to_bytes().to_vec(),
        trace_state: recorded.trace_state().header(),
        parent_span_id: span.parent.as_ref().map(|p| p.span_id().to_bytes().to_vec()).unwrap_or_default(),
        flags: flags(span.parent.as_ref(), recorded.trace_flags().to_u8()),
        name: span.name.clone(),
        kind: match span.kind {
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
        },
        start_time_unix_nano: nanos(time(span.start)),
        end_time_unix_nano: nanos(time(span.start) + Duration::from_nanos(span.duration.into())),
        attributes: unique(&span.attributes),
        dropped_attributes_count: 0,
        events: span
            .events
            .iter()
            .map(|(name, at, attributes)| proto::span::Event {
                time_unix_nano: nanos(time(*at)),
                name: name.clone(),
                attributes: unique(attributes),
                dropped_attributes_count: 0,
            })
            .collect(),
        dropped_events_count: 0,
        links: span
            .links
            .iter()
            .map(|(linked, attributes)| proto::span::Link {
                trace_id: linked.trace_id().to_bytes().to_vec(),
                span_id: linked.span_id().to_bytes().to_vec(),
                trace_state: linked.trace_state().header(),
                attributes: unique(attributes),
                dropped_attributes_count: 0,
                flags: flags(Some(linked), linked.trace_flags().to_u8()),
            })
            .collect(),
        dropped_links_count: 0,
        status: status.map(|status| match status {
            Status::Error { description } => proto::Status { message: description.into_owned(), code: 2 },
            _ => proto::Status { message: String::new(), code: 1 },
        }),
    }
}

fn record(provider: &TracerProvider, span: &Described) -> SpanContext {
    let tracer = provider.tracer("test");
    let root = Context::new();
    let mut builder = tracer
        .span(&span.name)
        .with_kind(span.kind.clone())
        .with_parent(&root)
        .with_start_time(time(span.start));
    if let Some(parent) = &span.parent {
        builder = builder.with_remote_parent(parent);
    }
    // Some attributes before the start, some after it, and the rest prepared.
    let (alone, together) = span.attributes.split_at(span.alone);
    let (before, after) = alone.split_at(alone.len() / 2);
    let mut prepared = PreparedAttributes::new();
    for (key, value) in together {
        prepared.set(key, value.value());
    }
    let started = builder.start_with(|span| {
        for (key, value) in before {
            span.set(key, value.value());
        }
    });
    for (key, value) in after {
        started.set(key, value.value());
    }
    started.record(|recorder| {
        recorder.set_prepared(&prepared);
        for (name, at, attributes) in &span.events {
            recorder.add_event_at(name, time(*at), &borrowed(attributes));
        }
    });
    for (linked, attributes) in &span.links {
        started.add_link(linked, &borrowed(attributes));
    }
    for status in &span.status {
        started.set_status(status.clone());
    }
    let span_context = started.span_context().clone();
    started.end_at(time(span.start) + Duration::from_nanos(span.duration.into()));
    span_context
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_span_decodes_to_what_was_recorded(spans in vec(described(), 1..6)) {
        let requests = Requests::default();
        let limits = tracing_core_lite::span::SpanLimits::default().with_span_bytes(1 << 24);
        let provider = TracerProvider::builder()
            .with_sampler(tracing_core_lite::sampling::AlwaysOn)
            .with_span_limits(limits)
            .with_exporter(requests.clone())
            // Generated keys can be denied ones.
            .with_redaction(tracing_core_lite::redaction::Redaction::off())
            .build()
            .unwrap();
        let recorded: Vec<SpanContext> = spans.iter().map(|span| record(&provider, span)).collect();
        provider.shutdown(Duration::from_secs(10)).unwrap();

        let mut decoded = Vec::new();
        let mut ours = Vec::new();
        for batch in requests.0.lock().unwrap().iter() {
            let request = ExportTraceServiceRequest::decode(batch.request().clone()).unwrap();
            let in_batch: Vec<proto::Span> = request
                .resource_spans
                .into_iter()
                .flat_map(|resource| resource.scope_spans)
                .flat_map(|scope| scope.spans)
                .collect();
            prop_assert_eq!(in_batch.len(), batch.span_count());
            decoded.extend(in_batch);
            ours.extend(batch.decode().unwrap().into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans));
        }
        prop_assert_eq!(ours.len(), spans.len());
        prop_assert_eq!(decoded.len(), spans.len());
        for ((span, recorded), decoded) in spans.iter().zip(&recorded).zip(decoded) {
            prop_assert_eq!(expected(span, recorded), decoded);
        }
    }
}

#[test]
fn resource_and_scopes_frame_their_spans() {
    let requests = Requests::default();
    let resource = Resource::builder().with_service_name("orders").with_attribute("shop.shelves", 3).build();
    let provider =
        TracerProvider::builder().with_resource(resource).with_exporter(requests.clone()).build().unwrap();
    for name in ["a", "b", "a", "c", "b"] {
        provider.tracer(name).span(name).with_parent(&Context::new()).start();
    }
    provider.shutdown(Duration::from_secs(10)).unwrap();
    let batch = requests.0.lock().unwrap().remove(0);
    let request = ExportTraceServiceRequest::decode(batch.request().clone()).unwrap();
    let [resource_spans] = &request.resource_spans[..] else { panic!("one resource") };
    let attributes = &resource_spans.resource.as_ref().unwrap().attributes;
    assert!(attributes.iter().any(|attribute| attribute.key == "telemetry.sdk.language"));
    assert!(attributes.contains(&KeyValue {
        key: "service.name".into(),
        value: Some(Any::Str("orders".into()).proto()),
        ..KeyValue::default()
    }));
    let scopes: Vec<(&str, usize)> = resource_spans
        .scope_spans
        .iter()
        .map(|scope| (scope.scope.as_ref().unwrap().name.as_str(), scope.spans.len()))
        .collect();
    assert_eq!(scopes, [("a", 2), ("b", 2), ("c", 1)]);
}

/// Long runs of spans of one scope are separate slices. Short ones are copied together.
#[test]
fn the_slices_of_a_request_are_the_request() {
    for padding in [0, 100, 700, 1_500] {
        let requests = Requests::default();
        let provider = TracerProvider::builder().with_exporter(requests.clone()).build().unwrap();
        let text = "x".repeat(padding);
        for scope in ["a", "a", "a", "b", "a", "b", "b", "c"].repeat(10) {
            let span = provider.tracer(scope).span(scope).with_parent(&Context::new()).start();
            span.set("text", text.as_str());
        }
        provider.shutdown(Duration::from_secs(10)).unwrap();
        let batch = requests.0.lock().unwrap().remove(0);
        let slices: Vec<&[u8]> = batch.slices().collect();
        assert_eq!(slices.concat(), batch.request()[..]);
        assert_eq!(batch.request_len(), batch.request().len());
        assert!(slices.iter().all(|slice| !slice.is_empty()));
        assert_eq!(slices.len() > 2, padding >= 700, "{} slices", slices.len());
        let request = ExportTraceServiceRequest::decode(batch.request().clone()).unwrap();
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        let spans = scopes.map(|scope| {
            let name = &scope.scope.as_ref().unwrap().name;
            assert!(scope.spans.iter().all(|span| span.name == *name));
            scope.spans.len()
        });
        assert_eq!(spans.collect::<Vec<_>>(), [40, 30, 10]);
        let same = Batch::new(batch.request().clone(), batch.span_count());
        assert_eq!(same.slices().collect::<Vec<_>>(), [&batch.request()[..]]);
        assert_eq!(same.request_len(), batch.request_len());
    }
}
