//! OTLP-JSON lines agree with opentelemetry-proto in both directions, and an invalid line does not affect others.
#![cfg(feature = "otlp-json")]
#![allow(clippy::unwrap_used)]

mod requests;

use std::time::Instant;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use tracing_core_lite::exporters::otlp_json::{OtlpJsonFile, ReadError, Reader, from_json, read, to_json};
use tracing_core_lite::opentelemetry::trace::{SpanId, SpanKind, TraceId};
use tracing_core_lite::pipeline::Exporter;
use tracing_core_lite::span::data::{
    AnyValue, EventData, LinkData, ResourceSpans, ScopeData, ScopeSpans, SpanData, StatusData,
};

proptest! {
    #[test]
    fn what_we_write_opentelemetry_proto_reads(request in requests::any_request()) {
        let json = to_json(&requests::expected(&request));
        let read: ExportTraceServiceRequest = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(requests::expected(&read), requests::expected(&request));
    }

    #[test]
    fn what_opentelemetry_proto_writes_we_read(request in requests::any_request()) {
        let json = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(from_json(&json), Ok(requests::expected(&request)));
    }

    #[test]
    fn what_we_write_we_read(request in requests::any_request()) {
        let json = to_json(&requests::expected(&request));
        prop_assert!(!json.contains('\n'));
        prop_assert_eq!(from_json(&json), Ok(requests::expected(&request)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = from_json(&text);
        let _ = Reader::new(text.as_bytes()).count();
    }
}

/// Returns a request with every kind of value.
fn full() -> Vec<ResourceSpans> {
    let pair = |key: &str, value| (key.to_owned(), value);
    let span = SpanData {
        trace_id: TraceId::from_bytes([0xab; 16]),
        span_id: SpanId::from_bytes([0xcd; 8]),
        trace_state: "ot=th:8".into(),
        parent_span_id: SpanId::from_bytes([1; 8]),
        flags: 0x101,
        name: "GET \"/\"\u{1}".into(),
        kind: SpanKind::Client,
        start_time_unix_nano: 1_700_000_000_000_000_001,
        end_time_unix_nano: 1_700_000_000_000_000_002,
        attributes: vec![
            pair("s", AnyValue::String(String::new())),
            pair("b", AnyValue::Bool(false)),
            pair("i", AnyValue::Int(-1)),
            pair("d", AnyValue::Double(0.5)),
            pair("nan", AnyValue::Double(f64::INFINITY)),
            pair("a", AnyValue::Array(vec![AnyValue::Int(1), AnyValue::Empty])),
            pair("m", AnyValue::Map(vec![pair("k", AnyValue::Bytes(vec![1, 2]))])),
            pair("e", AnyValue::Array(vec![])),
        ],
        dropped_attributes_count: 1,
        events: vec![EventData { time_unix_nano: 3, name: "e".into(), ..EventData::default() }],
        dropped_events_count: 2,
        links: vec![LinkData { trace_id: TraceId::from_bytes([2; 16]), flags: 1, ..LinkData::default() }],
        dropped_links_count: 3,
        status: StatusData::Error("no".into()),
    };
    vec![ResourceSpans {
        resource: vec![pair("service.name", AnyValue::String("shop".into()))],
        schema_url: "https://r".into(),
        scope_spans: vec![ScopeSpans {
            scope: ScopeData { name: "lib".into(), version: "1".into(), attributes: vec![] },
            schema_url: String::new(),
            spans: vec![span, SpanData::default()],
        }],
    }]
}

#[test]
fn the_line_is_the_collectors() {
    let expected = concat!(
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"#,
        r#""scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[{"traceId":"abababababababababababababababab","#,
        r#""spanId":"cdcdcdcdcdcdcdcd","traceState":"ot=th:8","parentSpanId":"0101010101010101","flags":257,"#,
        r#""name":"GET \"/\"\u0001","kind":3,"startTimeUnixNano":"1700000000000000001","#,
        r#""endTimeUnixNano":"1700000000000000002","attributes":[{"key":"s","value":{"stringValue":""}},"#,
        r#"{"key":"b","value":{"boolValue":false}},{"key":"i","value":{"intValue":"-1"}},"#,
        r#"{"key":"d","value":{"doubleValue":0.5}},{"key":"nan","value":{"doubleValue":"Infinity"}},"#,
        r#"{"key":"a","value":{"arrayValue":{"values":[{"intValue":"1"},{}]}}},"#,
        r#"{"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"AQI="}}]}}},"#,
        r#"{"key":"e","value":{"arrayValue":{"values":[]}}}],"droppedAttributesCount":1,"#,
        r#""events":[{"timeUnixNano":"3","name":"e"}],"droppedEventsCount":2,"#,
        r#""links":[{"traceId":"02020202020202020202020202020202","flags":1}],"droppedLinksCount":3,"#,
        r#""status":{"message":"no","code":2}},{"kind":1,"status":{}}]}],"schemaUrl":"https://r"}]}"#,
    );
    assert_eq!(to_json(&full()), expected);
    assert_eq!(from_json(expected), Ok(full()));
}

#[test]
fn other_writers_are_understood() {
    let text = r#"{"resourceSpans":[{"resource":null,"unknown":[1],"scopeSpans":[{"spans":[{
        "traceId":"ABABABABABABABABABABABABABABABAB","spanId":"CdCdCdCdCdCdCdCd","parentSpanId":"",
        "kind":"SPAN_KIND_SERVER","startTimeUnixNano":7,"endTimeUnixNano":"8","droppedLinksCount":"1",
        "attributes":[{"key":"i","value":{"intValue":5}},{"key":"d","value":{"doubleValue":"NaN"}},
                      {"key":"n","value":null},{"key":"u","value":{"other":1,"boolValue":true}}],
        "status":{"code":"STATUS_CODE_OK"}}]}]}]}"#;
    let request = from_json(text).unwrap();
    let span = &request[0].scope_spans[0].spans[0];
    assert_eq!(span.trace_id, TraceId::from_bytes([0xab; 16]));
    assert_eq!(span.span_id, SpanId::from_bytes([0xcd; 8]));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano, span.dropped_links_count), (7, 8, 1));
    assert_eq!((&span.kind, &span.status), (&SpanKind::Server, &StatusData::Ok));
    assert_eq!(span.attribute("i"), Some(&AnyValue::Int(5)));
    assert!(matches!(span.attribute("d"), Some(AnyValue::Double(it)) if it.is_nan()));
    assert_eq!(span.attribute("n"), Some(&AnyValue::Empty));
    assert_eq!(span.attribute("u"), Some(&AnyValue::Bool(true)));
}

#[test]
fn a_bad_line_is_an_error_for_that_line_alone() {
    let good = to_json(&full());
    let deep = format!(r#"{{"resourceSpans":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let short_id = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"ab"}]}]}]}"#;
    let big = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":4294967296}]}]}]}"#;
    let too_long = "x".repeat(good.len() + 1);
    let text = [&good, "{", "", &deep, short_id, big, &too_long, "\u{feff}", &good].join("\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"\n\xff\xfe\n");
    let mut bad = Vec::new();
    let mut fine = 0;
    for result in Reader::new(bytes.as_slice()).with_max_line(good.len()) {
        match result {
            Ok(request) => {
                assert_eq!(request, full());
                fine += 1;
            }
            Err(ReadError::Line { line, .. }) => bad.push(line),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((fine, bad), (2, vec![2, 4, 5, 6, 7, 8, 10]));
}

struct TempFile(std::path::PathBuf);

impl TempFile {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("otlp-json-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn several_providers_share_a_file_without_torn_lines() {
    let file = TempFile::new("shared");
    let exporter = OtlpJsonFile::append(&file.0).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut exporter = exporter.clone();
            scope.spawn(move || {
                for _ in 0..25 {
                    exporter.export(&requests::batch(20), Instant::now()).unwrap();
                }
                exporter.flush(Instant::now()).unwrap();
            });
        }
    });
    let requests: Vec<_> = read(&file.0).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(requests.len(), 100);
    let expected = requests::expected(&requests::request(20));
    assert!(requests.iter().all(|request| *request == expected));
}

#[test]
fn a_line_that_a_crash_tore_stays_alone() {
    let file = TempFile::new("torn");
    std::fs::write(&file.0, r#"{"resourceSp"#).unwrap();
    let mut exporter = OtlpJsonFile::append(&file.0).unwrap();
    exporter.export(&requests::batch(1), Instant::now()).unwrap();
    exporter.export(&requests::batch(1), Instant::now()).unwrap();
    let results: Vec<bool> = read(&file.0).unwrap().map(|it| it.is_ok()).collect();
    assert_eq!(results, [false, true, true]);
}
