//! One span with text of its own, to build sets from.

use super::attribute::{AttributeId, Value};
use super::builder::Builder;
use super::kind::{Kind, Status};
use super::set::{Row, SpanSet};

/// The value of an attribute of a [`SpanRecord`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RecordValue {
    /// A string.
    Text(String),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// A truth value.
    Bool(bool),
    /// An array or a map, as JSON.
    Json(String),
}

impl From<&str> for RecordValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for RecordValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for RecordValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for RecordValue {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<bool> for RecordValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// A span, for programs and tests that create their own.
///
/// ```
/// use trace_lens::{Lens, SpanRecord};
///
/// let lens = Lens::from_records([
///     SpanRecord::new(1, 1).with_service("orders").with_times(0, 100),
///     SpanRecord::new(1, 2).with_parent(1).with_service("payment").with_times(10, 90),
/// ]);
/// let trace = lens.traces().next().unwrap();
/// assert!(lens.critical_path(trace).share("payment") > 0.5);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SpanRecord {
    /// The trace.
    pub trace_id: u128,
    /// The span.
    pub span_id: u64,
    /// The parent, 0 for a root.
    pub parent_id: u64,
    /// Start, in nanoseconds since the Unix epoch.
    pub start: u64,
    /// End, in nanoseconds since the Unix epoch.
    pub end: u64,
    /// The name.
    pub name: String,
    /// The service.
    pub service: String,
    /// The kind.
    pub kind: Kind,
    /// The status.
    pub status: Status,
    /// The message of the status.
    pub message: String,
    /// The W3C `tracestate`.
    pub trace_state: String,
    /// The attributes.
    pub attributes: Vec<(String, RecordValue)>,
    /// The attributes of the resource, without `service.name`.
    pub resource: Vec<(String, RecordValue)>,
    /// Linked spans: trace, span, and whether the span follows from it.
    pub links: Vec<(u128, u64, bool)>,
    /// Events: time in nanoseconds since the Unix epoch, and name.
    pub events: Vec<(u64, String)>,
}

impl SpanRecord {
    /// Creates a root span without a name, a service and a duration.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id, ..Self::default() }
    }

    /// Sets the parent.
    #[must_use]
    pub fn with_parent(mut self, span_id: u64) -> Self {
        self.parent_id = span_id;
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the service.
    #[must_use]
    pub fn with_service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// Sets start and end, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn with_times(mut self, start: u64, end: u64) -> Self {
        (self.start, self.end) = (start, end);
        self
    }

    /// Sets the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Makes the span a failed one.
    #[must_use]
    pub fn with_error(mut self, message: impl Into<String>) -> Self {
        (self.status, self.message) = (Status::Error, message.into());
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute(mut self, key: impl Into<String>, value: impl Into<RecordValue>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// Adds an attribute of the resource.
    #[must_use]
    pub fn with_resource(mut self, key: impl Into<String>, value: impl Into<RecordValue>) -> Self {
        self.resource.push((key.into(), value.into()));
        self
    }

    /// Adds a link to a span that this one follows from without being awaited by it.
    #[must_use]
    pub fn with_follows_from(mut self, trace_id: u128, span_id: u64) -> Self {
        self.links.push((trace_id, span_id, true));
        self
    }

    /// Adds a link.
    #[must_use]
    pub fn with_link(mut self, trace_id: u128, span_id: u64) -> Self {
        self.links.push((trace_id, span_id, false));
        self
    }

    /// Sets the W3C `tracestate`.
    #[must_use]
    pub fn with_trace_state(mut self, trace_state: impl Into<String>) -> Self {
        self.trace_state = trace_state.into();
        self
    }
}

impl SpanSet {
    /// Returns the set of these spans, grouped into traces.
    #[must_use]
    pub fn from_records(records: impl IntoIterator<Item = SpanRecord>) -> Self {
        let mut builder = Builder::new();
        for record in records {
            add(&mut builder, &record);
        }
        builder.finish()
    }
}

fn add(builder: &mut Builder, record: &SpanRecord) {
    let mut resource: Vec<AttributeId> = Vec::new();
    if !record.service.is_empty() {
        resource.push(builder.text_attribute("service.name", &record.service));
    }
    resource.extend(record.resource.iter().map(|(key, value)| attribute(builder, key, value)));
    let resource = builder.add_resource(resource);
    for (key, value) in &record.attributes {
        let id = attribute(builder, key, value);
        builder.span_attribute(id);
    }
    for (time, name) in &record.events {
        let name = builder.text(name);
        builder.event(*time, name, &[]);
    }
    for &(trace_id, span_id, is_follows_from) in &record.links {
        builder.link(trace_id, span_id, is_follows_from, &[]);
    }
    let row = Row {
        trace_id: record.trace_id,
        span_id: record.span_id,
        parent: record.parent_id,
        start: record.start,
        end: record.end,
        name: builder.text(&record.name),
        kind: record.kind,
        status: record.status,
        message: builder.text(&record.message),
        trace_state: builder.text(&record.trace_state),
        resource,
        ..Row::default()
    };
    builder.span(&row);
}

fn attribute(builder: &mut Builder, key: &str, value: &RecordValue) -> AttributeId {
    let value = match value {
        RecordValue::Text(text) => Value::Text(builder.text(text)),
        RecordValue::Int(number) => Value::Int(*number),
        RecordValue::Double(number) => Value::Double(number.to_bits()),
        RecordValue::Bool(flag) => Value::Bool(*flag),
        RecordValue::Json(text) => Value::Json(builder.text(text)),
    };
    builder.attribute(key, value)
}
