//! The structs of finished spans.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{SpanId, SpanKind, TraceId};

/// Spans of one resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResourceSpans {
    /// What produced the spans: attributes such as `service.name`.
    pub resource: Vec<(String, AnyValue)>,
    /// The schema that the resource's attributes follow, empty when unknown.
    pub schema_url: String,
    /// The spans, by instrumentation scope.
    pub scope_spans: Vec<ScopeSpans>,
}

/// Spans of one instrumentation scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScopeSpans {
    /// The library that recorded the spans.
    pub scope: ScopeData,
    /// The schema that the spans' attributes follow, empty when unknown.
    pub schema_url: String,
    /// The spans.
    pub spans: Vec<SpanData>,
}

/// An instrumentation scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScopeData {
    /// Name of the library.
    pub name: String,
    /// Its version, empty when unknown.
    pub version: String,
    /// Further attributes of the scope.
    pub attributes: Vec<(String, AnyValue)>,
}

/// One finished span.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanData {
    /// The trace that the span belongs to.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The W3C `tracestate`, empty when there is none.
    pub trace_state: String,
    /// The parent; [`SpanId::INVALID`] for a root.
    pub parent_span_id: SpanId,
    /// Trace flags in the low 8 bits; bit 8: the next bit is known; bit 9: the parent is remote.
    pub flags: u32,
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: SpanKind,
    /// Start, in nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// End, in nanoseconds since the Unix epoch.
    pub end_time_unix_nano: u64,
    /// Attributes, in the order in which they were set.
    pub attributes: Vec<(String, AnyValue)>,
    /// The number of attributes that exceeded a limit.
    pub dropped_attributes_count: u32,
    /// Events, in the order in which they were added.
    pub events: Vec<EventData>,
    /// The number of events that exceeded a limit.
    pub dropped_events_count: u32,
    /// Links.
    pub links: Vec<LinkData>,
    /// The number of links that exceeded a limit.
    pub dropped_links_count: u32,
    /// The status.
    pub status: StatusData,
}

impl Default for SpanData {
    /// An empty span of kind internal, the default of OTLP.
    fn default() -> Self {
        Self {
            trace_id: TraceId::INVALID,
            span_id: SpanId::INVALID,
            trace_state: String::new(),
            parent_span_id: SpanId::INVALID,
            flags: 0,
            name: String::new(),
            kind: SpanKind::Internal,
            start_time_unix_nano: 0,
            end_time_unix_nano: 0,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: StatusData::Unset,
        }
    }
}

impl SpanData {
    /// Returns the value of the attribute `key`; the last one if there are several.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&AnyValue> {
        find(&self.attributes, key)
    }

    /// Returns the time from start to end, or zero if the end is before the start.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.end_time_unix_nano.saturating_sub(self.start_time_unix_nano))
    }

    /// Returns whether the span has no parent.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.parent_span_id == SpanId::INVALID
    }

    /// Returns whether the status is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self.status, StatusData::Error(_))
    }
}

/// An event within a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventData {
    /// When, in nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// The name.
    pub name: String,
    /// Attributes.
    pub attributes: Vec<(String, AnyValue)>,
    /// The number of attributes that exceeded a limit.
    pub dropped_attributes_count: u32,
}

/// A link to another span.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkData {
    /// The linked trace.
    pub trace_id: TraceId,
    /// The linked span.
    pub span_id: SpanId,
    /// The linked span's `tracestate`, empty when there is none.
    pub trace_state: String,
    /// Attributes, `opentracing.ref_type` among them for FollowsFrom.
    pub attributes: Vec<(String, AnyValue)>,
    /// The number of attributes that exceeded a limit.
    pub dropped_attributes_count: u32,
    /// As [`SpanData::flags`].
    pub flags: u32,
}

impl Default for LinkData {
    /// A link with invalid ids.
    fn default() -> Self {
        Self {
            trace_id: TraceId::INVALID,
            span_id: SpanId::INVALID,
            trace_state: String::new(),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            flags: 0,
        }
    }
}

impl LinkData {
    /// Returns whether this is a FollowsFrom reference: the linked span caused this one and does not wait for
    /// it (attribute `opentracing.ref_type` = `follows_from`, OpenTelemetry's OpenTracing compatibility).
    #[must_use]
    pub fn is_follows_from(&self) -> bool {
        find(&self.attributes, "opentracing.ref_type").and_then(AnyValue::as_str) == Some("follows_from")
    }
}

/// A span's status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StatusData {
    /// Not set.
    #[default]
    Unset,
    /// Success.
    Ok,
    /// An error, with a description that may be empty.
    Error(String),
}

/// An attribute's value as it was exported: `AnyValue` of OTLP. [`span::Value`](crate::span::Value) is what setters take.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AnyValue {
    /// A string.
    String(String),
    /// A bool.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// An array.
    Array(Vec<AnyValue>),
    /// A map, which only other SDKs send.
    Map(Vec<(String, AnyValue)>),
    /// Bytes, which only other SDKs send.
    Bytes(Vec<u8>),
    /// No value.
    Empty,
}

impl AnyValue {
    /// Returns the string, if the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            AnyValue::String(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the integer, if the value is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            AnyValue::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the bool, if the value is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            AnyValue::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

/// A finished span with its resource and its scope.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedSpan {
    /// Attributes of the resource, shared by all spans of a batch with the same resource.
    pub resource: Arc<[(String, AnyValue)]>,
    /// The library that recorded the span, shared in the same way.
    pub scope: Arc<ScopeData>,
    /// The span.
    pub span: SpanData,
}

impl FinishedSpan {
    /// Returns the spans of a decoded request in its order.
    #[must_use]
    pub fn flatten(request: Vec<ResourceSpans>) -> Vec<Self> {
        let mut all = Vec::new();
        for resource_spans in request {
            let resource: Arc<[_]> = resource_spans.resource.into();
            for scope_spans in resource_spans.scope_spans {
                let scope = Arc::new(scope_spans.scope);
                all.extend(scope_spans.spans.into_iter().map(|span| Self {
                    resource: Arc::clone(&resource),
                    scope: Arc::clone(&scope),
                    span,
                }));
            }
        }
        all
    }

    /// Returns the `service.name` of the resource, or `unknown_service` if it has none.
    #[must_use]
    pub fn service_name(&self) -> &str {
        find(&self.resource, "service.name").and_then(AnyValue::as_str).unwrap_or("unknown_service")
    }
}

fn find<'a>(attributes: &'a [(String, AnyValue)], key: &str) -> Option<&'a AnyValue> {
    attributes.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// The error for bytes that are not an OTLP trace request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an OTLP trace request: {0}")]
pub struct DecodeError(pub(crate) &'static str);
