//! Spans as an indented text.

use std::fmt::Write as _;

use opentelemetry::trace::{SpanId, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use tracing_core_lite::span::data::{AnyValue, SpanData as OurSpan, StatusData};

/// Values that differ from run to run or follow from the place of this program's source.
const VARYING: [&str; 10] = [
    "busy_ns",
    "code.file.path",
    "code.line.number",
    "elapsed",
    "elapsed_secs",
    "idle_ns",
    "thread.id",
    "thread.name",
    "tracing_suite.db.client.connection.wait_time",
    "tracing_suite.db.query.execution_time",
];

/// A span as it is shown.
#[derive(Debug)]
pub struct Shown {
    id: SpanId,
    parent: SpanId,
    title: String,
    /// Attributes in alphabetical order, then status and events.
    lines: Vec<String>,
}

impl Shown {
    pub fn of_sdk(span: &SpanData) -> Self {
        let mut lines = sorted(span.attributes.iter().map(of_sdk));
        match &span.status {
            Status::Unset => {}
            status => lines.push(format!("status: {status:?}")),
        }
        for event in span.events.iter() {
            lines.push(of_event(&event.name, event.attributes.iter().map(of_sdk)));
        }
        Self {
            id: span.span_context.span_id(),
            parent: span.parent_span_id,
            title: format!("{} ({})", span.name, format!("{:?}", span.span_kind).to_lowercase()),
            lines,
        }
    }

    pub fn of_ours(span: &OurSpan) -> Self {
        let mut lines = sorted(span.attributes.iter().map(of_ours));
        match &span.status {
            StatusData::Unset => {}
            status => lines.push(format!("status: {status:?}")),
        }
        for event in &span.events {
            lines.push(of_event(&event.name, event.attributes.iter().map(of_ours)));
        }
        Self {
            id: span.span_id,
            parent: span.parent_span_id,
            title: format!("{} ({})", span.name, format!("{:?}", span.kind).to_lowercase()),
            lines,
        }
    }
}

/// Returns each span below its parent.
pub fn tree(spans: &[Shown]) -> String {
    let mut text = String::new();
    for span in spans.iter().filter(|span| !spans.iter().any(|other| other.id == span.parent)) {
        let origin = match span.parent {
            SpanId::INVALID => "starts a trace",
            _ => "continues the caller's trace",
        };
        let _ = writeln!(text, "{}, {origin}", span.title);
        add_below(&mut text, spans, span, 1);
    }
    text
}

fn add_below(text: &mut String, spans: &[Shown], span: &Shown, depth: usize) {
    let indent = "    ".repeat(depth);
    for line in &span.lines {
        let _ = writeln!(text, "{indent}{line}");
    }
    for child in spans.iter().filter(|child| child.parent == span.id) {
        let _ = writeln!(text, "{indent}└─ {}", child.title);
        add_below(text, spans, child, depth + 1);
    }
}

fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    lines.sort_unstable();
    lines
}

fn of_event(name: &str, attributes: impl Iterator<Item = String>) -> String {
    // A name may contain the path of a crate on this machine.
    let name = match name.rsplit_once("/registry/src/") {
        Some((_, path)) => format!("event …{}", path.split_once('/').map_or("", |(_, path)| path)),
        None => name.to_owned(),
    };
    format!("event {name:?}: {}", sorted(attributes).join(", "))
}

fn of_sdk(attribute: &KeyValue) -> String {
    line(attribute.key.as_str(), || match &attribute.value {
        Value::String(text) => format!("{:?}", text.as_str()),
        value => value.to_string(),
    })
}

fn of_ours((key, value): &(String, AnyValue)) -> String {
    line(key, || match value {
        AnyValue::String(text) => format!("{text:?}"),
        AnyValue::Int(value) => value.to_string(),
        AnyValue::Bool(value) => value.to_string(),
        AnyValue::Double(value) => value.to_string(),
        other => format!("{other:?}"),
    })
}

fn line(key: &str, value: impl FnOnce() -> String) -> String {
    if VARYING.contains(&key) { format!("{key} = …") } else { format!("{key} = {}", value()) }
}
