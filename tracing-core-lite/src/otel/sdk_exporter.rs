//! An adapter for exporters that were written for opentelemetry_sdk.

use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{Event, Link, SpanContext, Status, TraceFlags, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{SpanData as SdkSpanData, SpanEvents, SpanExporter, SpanLinks};

use crate::pipeline::{Batch, ExportError, Exported, Exporter};
use crate::provider::Resource;
use crate::span::data::{AnyValue, EventData, LinkData, ResourceSpans, ScopeData, SpanData, StatusData};

impl From<&Resource> for opentelemetry_sdk::Resource {
    /// Returns the same resource for another signal, such as the metrics of opentelemetry_sdk.
    ///
    /// ```
    /// use tracing_core_lite::Resource;
    ///
    /// let resource = Resource::builder().with_service_name("orders").build();
    /// let of_metrics = opentelemetry_sdk::Resource::from(&resource);
    /// assert_eq!(of_metrics.len(), resource.iter().count());
    /// ```
    fn from(resource: &Resource) -> Self {
        let attributes = resource.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        match resource.schema_url() {
            Some(url) => Self::builder_empty().with_schema_url(attributes, url.to_owned()).build(),
            None => Self::builder_empty().with_attributes(attributes).build(),
        }
    }
}

/// An [`Exporter`] that wraps a `SpanExporter` of opentelemetry_sdk.
///
/// Its futures are polled on the export thread. If they need a runtime, as those of tonic do, the exporter has
/// to enter it itself.
#[derive(Debug)]
pub struct SdkExporter<E> {
    exporter: E,
    resource: Option<Vec<(String, AnyValue)>>,
}

impl<E: SpanExporter + 'static> SdkExporter<E> {
    /// Wraps `exporter`.
    pub fn new(exporter: E) -> Self {
        Self { exporter, resource: None }
    }

    fn set_resource(&mut self, spans: &ResourceSpans) {
        if self.resource.as_ref() != Some(&spans.resource) {
            let attributes = spans.resource.iter().filter_map(key_value);
            let resource = opentelemetry_sdk::Resource::builder_empty().with_attributes(attributes).build();
            self.exporter.set_resource(&resource);
            self.resource = Some(spans.resource.clone());
        }
    }
}

impl<E: SpanExporter + 'static> Exporter for SdkExporter<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let decoded = batch.decode().map_err(|error| permanent(&error))?;
        for resource_spans in decoded {
            self.set_resource(&resource_spans);
            let spans = resource_spans.scope_spans.into_iter().flat_map(|scope_spans| {
                let scope = to_scope(&scope_spans.scope, &scope_spans.schema_url);
                scope_spans.spans.into_iter().map(move |span| to_sdk(span, scope.clone()))
            });
            match block_on(self.exporter.export(spans.collect()), deadline) {
                Some(Ok(())) => {}
                Some(Err(OTelSdkError::Timeout(_))) | None => {
                    return Err(ExportError::Retryable { reason: "timed out".to_owned(), after: None });
                }
                Some(Err(error)) => return Err(permanent(&error)),
            }
        }
        Ok(Exported::default())
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        self.exporter.force_flush().map_err(|error| permanent(&error))
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        self.exporter.shutdown_with_timeout(timeout).map_err(|error| permanent(&error))
    }
}

fn permanent(error: &dyn std::error::Error) -> ExportError {
    ExportError::Permanent { reason: error.to_string() }
}

/// Runs a future on this thread. Returns `None` if `deadline` passes first.
fn block_on<F: Future>(future: F, deadline: Instant) -> Option<F::Output> {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(output) =
            future.as_mut().poll(&mut std::task::Context::from_waker(&waker))
        {
            return Some(output);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(left);
    }
}

fn time(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}

fn to_scope(scope: &ScopeData, schema_url: &str) -> InstrumentationScope {
    let mut builder = InstrumentationScope::builder(scope.name.clone())
        .with_attributes(scope.attributes.iter().filter_map(key_value));
    if !scope.version.is_empty() {
        builder = builder.with_version(scope.version.clone());
    }
    if !schema_url.is_empty() {
        builder = builder.with_schema_url(schema_url.to_owned());
    }
    builder.build()
}

fn to_sdk(span: SpanData, scope: InstrumentationScope) -> SdkSpanData {
    let mut events = SpanEvents::default();
    events.events = span.events.iter().map(to_event).collect();
    events.dropped_count = span.dropped_events_count;
    let mut links = SpanLinks::default();
    links.links = span.links.iter().map(to_link).collect();
    links.dropped_count = span.dropped_links_count;
    let parent_span_is_remote = is_remote(span.flags);
    let flags = TraceFlags::new(span.flags as u8);
    SdkSpanData {
        span_context: SpanContext::new(span.trace_id, span.span_id, flags, false, state(&span.trace_state)),
        parent_span_id: span.parent_span_id,
        parent_span_is_remote,
        span_kind: span.kind,
        name: span.name.into(),
        start_time: time(span.start_time_unix_nano),
        end_time: time(span.end_time_unix_nano),
        attributes: span.attributes.iter().filter_map(key_value).collect(),
        dropped_attributes_count: span.dropped_attributes_count,
        events,
        links,
        status: match span.status {
            StatusData::Unset => Status::Unset,
            StatusData::Ok => Status::Ok,
            StatusData::Error(description) => Status::error(description),
        },
        instrumentation_scope: scope,
    }
}

fn is_remote(flags: u32) -> bool {
    flags & 0x300 == 0x300
}

fn state(header: &str) -> TraceState {
    header.parse().unwrap_or_default()
}

fn to_event(event: &EventData) -> Event {
    Event::new(
        event.name.clone(),
        time(event.time_unix_nano),
        event.attributes.iter().filter_map(key_value).collect(),
        event.dropped_attributes_count,
    )
}

fn to_link(link: &LinkData) -> Link {
    let flags = TraceFlags::new(link.flags as u8);
    let remote = is_remote(link.flags);
    Link::new(
        SpanContext::new(link.trace_id, link.span_id, flags, remote, state(&link.trace_state)),
        link.attributes.iter().filter_map(key_value).collect(),
        link.dropped_attributes_count,
    )
}

/// The API has no values for maps, bytes, empty values and mixed arrays. The engine never records one.
fn key_value((key, value): &(String, AnyValue)) -> Option<KeyValue> {
    let value: opentelemetry::Value = match value {
        AnyValue::String(text) => text.clone().into(),
        AnyValue::Bool(value) => (*value).into(),
        AnyValue::Int(value) => (*value).into(),
        AnyValue::Double(value) => (*value).into(),
        AnyValue::Array(items) => opentelemetry::Value::Array(array(items)?),
        _ => return None,
    };
    Some(KeyValue::new(key.clone(), value))
}

fn array(items: &[AnyValue]) -> Option<Array> {
    fn all<T>(items: &[AnyValue], item: impl Fn(&AnyValue) -> Option<T>) -> Option<Vec<T>> {
        items.iter().map(item).collect()
    }
    let strings = |item: &AnyValue| match item {
        AnyValue::String(text) => Some(StringValue::from(text.clone())),
        _ => None,
    };
    match items.first() {
        Some(AnyValue::Bool(_)) => {
            all(items, |item| if let AnyValue::Bool(value) = item { Some(*value) } else { None })
                .map(Array::Bool)
        }
        Some(AnyValue::Int(_)) => {
            all(items, |item| if let AnyValue::Int(value) = item { Some(*value) } else { None })
                .map(Array::I64)
        }
        Some(AnyValue::Double(_)) => {
            all(items, |item| if let AnyValue::Double(value) = item { Some(*value) } else { None })
                .map(Array::F64)
        }
        _ => all(items, strings).map(Array::String),
    }
}
