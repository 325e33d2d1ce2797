//! Each secret of the corpus is removed from every place of a request, whatever stands around it.
#![cfg(feature = "redaction")]
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Message;
use serde_json::Value as Json;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::redaction::{Detector, Redaction};

/// Keeps the bytes of what is exported.
#[derive(Clone, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl Exporter for Bytes {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        self.0.lock().unwrap().extend_from_slice(batch.request());
        Ok(Exported::default())
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn value(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn text(text: &str) -> AnyValue {
    value(Value::StringValue(text.to_owned()))
}

fn array(values: Vec<AnyValue>) -> AnyValue {
    value(Value::ArrayValue(ArrayValue { values }))
}

fn map(values: Vec<KeyValue>) -> AnyValue {
    value(Value::KvlistValue(KeyValueList { values }))
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..Default::default() }
}

/// Attributes of spans with text around a secret, as instrumentation records them.
fn attributes(key: &str, secret: &str) -> Vec<KeyValue> {
    let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let json = serde_json::to_string(&serde_json::json!({ "user": { key: secret }, "n": 1 })).unwrap();
    let nested_json = serde_json::to_string(&json).unwrap();
    let lines = format!("connecting\n  {secret}\nfailed after 3 attempts");
    let with_text = [
        ("url.full", format!("https://shop.example.com/a?q={encoded}&page=2")),
        ("url.query", format!("page=2&q={encoded}")),
        ("url.path", format!("/search/{encoded}/items")),
        ("db.query.text", format!("SELECT * FROM t WHERE note = '{secret}' LIMIT 1")),
        ("db.operation.parameter.0", secret.to_owned()),
        ("db.statement", format!("SET note:17 \"{secret}\" EX 60")),
        ("http.request.header.x-note", secret.to_owned()),
        ("messaging.kafka.message.key", secret.to_owned()),
        ("messaging.rabbitmq.destination.routing_key", secret.to_owned()),
        ("messaging.destination.name", format!("notes {secret}")),
        ("baggage.note", secret.to_owned()),
        ("rpc.request.metadata.note", secret.to_owned()),
        ("user_agent.original", format!("agent/1.0 ({secret})")),
        ("error.type", secret.to_owned()),
        ("code.stacktrace", format!("Error: {secret}\n    at main (index.js:1:1)")),
        ("process.command_line", format!("serve --note {secret} --port 8080")),
        ("http.request.body", json),
        ("log.body", nested_json),
        ("log.line", format!("2026-11-30T10:20:30Z INFO note=\"{secret}\" status=200")),
        ("log.lines", lines),
        ("markup", format!("<note>{secret}</note>")),
        ("tail", format!("{}{secret}", "the quick brown fox ".repeat(200))),
    ];
    let mut attributes: Vec<_> = with_text.iter().map(|(key, note)| pair(key, text(note))).collect();
    attributes.extend([
        pair(key, text(secret)),
        pair("notes", array(vec![text("other"), text(secret)])),
        pair("nested", map(vec![pair("list", array(vec![map(vec![pair(key, text(secret))])]))])),
        pair("bytes", value(Value::BytesValue(format!("a {secret} b").into_bytes()))),
        pair(
            "binary",
            value(Value::BytesValue([&b"\xff\xfe "[..], secret.as_bytes(), &b" \xc3"[..]].concat())),
        ),
    ]);
    attributes
}

/// Returns a request with `secret` in every place, and how many there are. The value of a denied key is a secret only under that
/// key.
fn request(key: &str, secret: &str, denied_key: bool) -> (ExportTraceServiceRequest, usize) {
    let under_key = || vec![pair(key, text(secret)), pair("nested", map(vec![pair(key, text(secret))]))];
    let mut span = Span {
        trace_id: vec![1; 16],
        span_id: vec![1; 8],
        attributes: under_key(),
        events: vec![Event { attributes: under_key(), ..Default::default() }],
        links: vec![Link { attributes: under_key(), ..Default::default() }],
        ..Default::default()
    };
    let mut scope = InstrumentationScope { attributes: under_key(), ..Default::default() };
    let mut resource = Resource { attributes: under_key(), ..Default::default() };
    let (mut resource_schema, mut scope_schema) = (String::new(), String::new());
    let mut places = 10;
    if !denied_key {
        let note = format!("note {secret} end");
        span.attributes = attributes(key, secret);
        let mut named = pair(&note, text("1"));
        named.key.clone_from(&note);
        span.attributes.push(named);
        span.attributes.push(pair("map", map(vec![pair(&note, text("1"))])));
        span.name.clone_from(&note);
        span.trace_state = format!("vendor={secret}");
        span.status = Some(Status { message: note.clone(), code: 2 });
        span.links[0].trace_state.clone_from(&note);
        span.events[0].name.clone_from(&note);
        span.events[0].attributes.extend([
            pair("exception.message", text(&note)),
            pair("exception.stacktrace", text(&format!("{note}\n  at main.rs:1"))),
            pair("message", text(&note)),
            pair("fields", array(vec![text(&note)])),
        ]);
        scope.name.clone_from(&note);
        scope.version.clone_from(&note);
        resource.attributes.push(pair("process.command_args", array(vec![text("serve"), text(secret)])));
        resource_schema.clone_from(&note);
        scope_schema = note;
        places += span.attributes.len() + 13;
    }
    let scope_spans = ScopeSpans { scope: Some(scope), spans: vec![span], schema_url: scope_schema };
    let resource_spans = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![scope_spans],
        schema_url: resource_schema,
    };
    (ExportTraceServiceRequest { resource_spans: vec![resource_spans] }, places)
}

/// Exports `request`, and returns the exported bytes.
fn exported(redaction: &Redaction, request: &ExportTraceServiceRequest) -> Vec<u8> {
    let bytes = Bytes::default();
    let mut stage = redaction.clone().wrap(bytes.clone());
    let batch = Batch::new(request.encode_to_vec().into(), 1);
    stage.export(&batch, Instant::now() + Duration::from_secs(10)).unwrap();
    bytes.0.lock().unwrap().clone()
}

/// Returns the ways in which `secret` may be written.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    [secret, &encoded, &json[1..json.len() - 1], &twice[3..twice.len() - 3]]
        .iter()
        .map(|spelling| (*spelling).to_owned())
        .collect()
}

/// Returns the ids of the secrets that reach an exporter, of those that `preset` should catch, with the parts that hold them.
fn escaped(redaction: &Redaction, preset: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/redaction/secrets.jsonl");
    let corpus = std::fs::read_to_string(path).unwrap();
    let corpus = corpus.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let mut escaped = Vec::new();
    let mut tried = 0;
    for entry in corpus.filter(|entry| entry["caught_by"] == preset) {
        tried += 1;
        let field = |name: &str| entry[name].as_str().unwrap();
        let (request, places) = request(field("key"), field("value"), entry["kind"] == "denied_key");
        assert!(places >= if entry["kind"] == "denied_key" { 10 } else { 40 });
        let bytes = exported(redaction, &request);
        let decoded = ExportTraceServiceRequest::decode(&bytes[..]).unwrap();
        assert_eq!(decoded.resource_spans[0].scope_spans[0].spans[0].span_id, [1; 8]);
        let shown = format!("{decoded:?}");
        // Bytes that are not UTF-8 do not occur within a secret.
        let raw = String::from_utf8_lossy(&bytes);
        for spelling in spellings(field("secret")) {
            if raw.contains(&spelling) || shown.contains(&spelling) {
                escaped.push(format!("{}: {}", entry["id"], place(&shown, &spelling)));
            }
        }
    }
    assert!(tried > 0);
    escaped
}

/// Returns the text around `secret`, to find out where it is.
fn place(shown: &str, secret: &str) -> String {
    let Some(at) = shown.find(secret) else { return "raw bytes".to_owned() };
    let start = (0..=at.saturating_sub(160)).rev().find(|start| shown.is_char_boundary(*start)).unwrap_or(0);
    format!("{}{secret}", &shown[start..at])
}

#[test]
fn the_default_removes_what_it_should_catch() {
    assert_eq!(escaped(&Redaction::new(), "default"), Vec::<String>::new());
}

#[test]
fn the_preset_removes_what_it_should_catch() {
    assert_eq!(escaped(&Redaction::pii(), "default"), Vec::<String>::new());
    assert_eq!(escaped(&Redaction::pii(), "pii"), Vec::<String>::new());
}

#[test]
fn telephone_numbers_are_removed_on_request() {
    assert_eq!(escaped(&Redaction::pii().with_detector(Detector::Phone), "phone"), Vec::<String>::new());
}
