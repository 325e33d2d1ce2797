//! Writes spans as OTLP's JSON.

use std::fmt::{Display, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};

use crate::span::data::{
    AnyValue, EventData, LinkData, ResourceSpans, ScopeData, ScopeSpans, SpanData, StatusData,
};

/// Returns `request` as one line of JSON, without a line feed.
///
/// Like the Collector, it leaves out defaults, except for the objects `resource`, `scope`, `status` and `value`. Doubles that
/// JSON has no number for become the strings `NaN`, `Infinity` and `-Infinity` (protobuf's JSON mapping).
#[must_use]
pub fn to_json(request: &[ResourceSpans]) -> String {
    let mut json = Json(String::with_capacity(1024));
    json.object(|json| json.array("resourceSpans", request, resource_spans));
    json.0
}

fn resource_spans(json: &mut Json, it: &ResourceSpans) {
    json.object(|json| {
        json.key("resource");
        json.object(|json| json.array("attributes", &it.resource, key_value));
        json.array("scopeSpans", &it.scope_spans, scope_spans);
        json.text("schemaUrl", &it.schema_url);
    });
}

fn scope_spans(json: &mut Json, it: &ScopeSpans) {
    json.object(|json| {
        json.key("scope");
        scope(json, &it.scope);
        json.array("spans", &it.spans, span);
        json.text("schemaUrl", &it.schema_url);
    });
}

fn scope(json: &mut Json, it: &ScopeData) {
    json.object(|json| {
        json.text("name", &it.name);
        json.text("version", &it.version);
        json.array("attributes", &it.attributes, key_value);
    });
}

fn span(json: &mut Json, it: &SpanData) {
    json.object(|json| {
        json.trace_id(it.trace_id);
        json.span_id("spanId", it.span_id);
        json.text("traceState", &it.trace_state);
        json.span_id("parentSpanId", it.parent_span_id);
        json.number("flags", it.flags);
        json.text("name", &it.name);
        json.number("kind", kind(&it.kind));
        json.long("startTimeUnixNano", it.start_time_unix_nano);
        json.long("endTimeUnixNano", it.end_time_unix_nano);
        json.array("attributes", &it.attributes, key_value);
        json.number("droppedAttributesCount", it.dropped_attributes_count);
        json.array("events", &it.events, event);
        json.number("droppedEventsCount", it.dropped_events_count);
        json.array("links", &it.links, link);
        json.number("droppedLinksCount", it.dropped_links_count);
        json.key("status");
        json.object(|json| match &it.status {
            StatusData::Unset => {}
            StatusData::Ok => json.number("code", 1),
            StatusData::Error(message) => {
                json.text("message", message);
                json.number("code", 2);
            }
        });
    });
}

fn event(json: &mut Json, it: &EventData) {
    json.object(|json| {
        json.long("timeUnixNano", it.time_unix_nano);
        json.text("name", &it.name);
        json.array("attributes", &it.attributes, key_value);
        json.number("droppedAttributesCount", it.dropped_attributes_count);
    });
}

fn link(json: &mut Json, it: &LinkData) {
    json.object(|json| {
        json.trace_id(it.trace_id);
        json.span_id("spanId", it.span_id);
        json.text("traceState", &it.trace_state);
        json.array("attributes", &it.attributes, key_value);
        json.number("droppedAttributesCount", it.dropped_attributes_count);
        json.number("flags", it.flags);
    });
}

fn key_value(json: &mut Json, (key, it): &(String, AnyValue)) {
    json.object(|json| {
        json.text("key", key);
        json.key("value");
        value(json, it);
    });
}

/// Values are written even if they are defaults: an empty string is not the same as no value.
fn value(json: &mut Json, it: &AnyValue) {
    json.object(|json| match it {
        AnyValue::String(it) => {
            json.key("stringValue");
            json.string(it);
        }
        AnyValue::Bool(it) => json.plain("boolValue", it),
        AnyValue::Int(it) => json.plain("intValue", format_args!("\"{it}\"")),
        AnyValue::Double(it) if it.is_nan() => json.plain("doubleValue", "\"NaN\""),
        AnyValue::Double(it) if it.is_infinite() && it.is_sign_negative() => {
            json.plain("doubleValue", "\"-Infinity\"");
        }
        AnyValue::Double(it) if it.is_infinite() => json.plain("doubleValue", "\"Infinity\""),
        AnyValue::Double(it) => json.plain("doubleValue", format_args!("{it:?}")),
        AnyValue::Array(items) => {
            json.key("arrayValue");
            json.object(|json| json.items("values", items, value));
        }
        AnyValue::Map(pairs) => {
            json.key("kvlistValue");
            json.object(|json| json.items("values", pairs, key_value));
        }
        AnyValue::Bytes(it) => json.plain("bytesValue", format_args!("\"{}\"", BASE64_STANDARD.encode(it))),
        AnyValue::Empty => {}
    });
}

fn kind(kind: &SpanKind) -> u32 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// The JSON written so far. The methods that take a value leave out defaults.
struct Json(String);

impl Json {
    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.0.push('{');
        members(self);
        self.0.push('}');
    }

    fn key(&mut self, key: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.plain_text(format_args!("\"{key}\":"));
    }

    fn array<T>(&mut self, key: &str, items: &[T], write: impl Fn(&mut Self, &T)) {
        if !items.is_empty() {
            self.items(key, items, write);
        }
    }

    /// Writes the array even if it is empty: opentelemetry-proto refuses a value without `values`.
    fn items<T>(&mut self, key: &str, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.key(key);
        self.0.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            write(self, item);
        }
        self.0.push(']');
    }

    fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.key(key);
            self.string(value);
        }
    }

    fn number(&mut self, key: &str, value: u32) {
        if value != 0 {
            self.plain(key, value);
        }
    }

    fn long(&mut self, key: &str, value: u64) {
        if value != 0 {
            self.plain(key, format_args!("\"{value}\""));
        }
    }

    fn trace_id(&mut self, id: TraceId) {
        if id != TraceId::INVALID {
            self.plain("traceId", format_args!("\"{id}\""));
        }
    }

    fn span_id(&mut self, key: &str, id: SpanId) {
        if id != SpanId::INVALID {
            self.plain(key, format_args!("\"{id}\""));
        }
    }

    fn plain(&mut self, key: &str, value: impl Display) {
        self.key(key);
        self.plain_text(value);
    }

    fn plain_text(&mut self, text: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{text}");
    }

    fn string(&mut self, value: &str) {
        self.0.push('"');
        let mut from = 0;
        for (at, byte) in value.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0..0x20 | 0x7f => "",
                _ => continue,
            };
            self.0.push_str(&value[from..at]);
            match escape {
                "" => self.plain_text(format_args!("\\u{byte:04x}")),
                escape => self.0.push_str(escape),
            }
            from = at + 1;
        }
        self.0.push_str(&value[from..]);
        self.0.push('"');
    }
}
