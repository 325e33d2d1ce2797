//! Malformed and malicious files do no harm: readable records are read, and all others are reported and counted.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use trace_lens::read::{Input, ReadError, ReadOptions, read_bytes};
use trace_lens::write::{jaeger, otlp_json, otlp_proto, zipkin};
use trace_lens::{Lens, SpanRecord, SpanSet};

fn read(content: impl AsRef<[u8]>) -> Input {
    read_bytes("input", content.as_ref(), &ReadOptions::new()).unwrap_or_else(|error| panic!("{error}"))
}

fn span(id: u64) -> String {
    format!(
        r#"{{"traceId":"{:032x}","spanId":"{id:016x}","name":"work","startTimeUnixNano":"1000","endTimeUnixNano":"2000"}}"#,
        7
    )
}

fn document(spans: &[String]) -> String {
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    )
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn files_in_unusual_dress_are_read() {
    let (one, two) = (document(&[span(1)]), document(&[span(2)]));
    let pretty = one.replace('{', "{\n").replace(',', ",\r\n");
    for (name, content, spans) in [
        ("a byte order mark", format!("\u{feff}{one}\n").into_bytes(), 1),
        ("CRLF and blank lines", format!("{one}\r\n\r\n{two}\r\n").into_bytes(), 2),
        ("documents on one line", format!("{one}{two}").into_bytes(), 2),
        (
            "documents on one line, and more",
            format!("{one} {two}\n{}\n", document(&[span(3)])).into_bytes(),
            3,
        ),
        ("documents over several lines", format!("{pretty}\n{pretty}").into_bytes(), 2),
        ("a list of documents", format!("[{one},{two}]").into_bytes(), 2),
        ("a list, a document a line", format!("[\n{one},\n{two}\n]\n").into_bytes(), 2),
        ("gzip", gzip(one.as_bytes()), 1),
        ("gzip within gzip", gzip(&gzip(one.as_bytes())), 1),
        ("two gzip members", [gzip(format!("{one}\n").as_bytes()), gzip(two.as_bytes())].concat(), 2),
        ("zstd", zstd::encode_all(one.as_bytes(), 1).unwrap(), 1),
        ("nothing", Vec::new(), 0),
        ("white space", b" \r\n\t\n".to_vec(), 0),
        ("an empty list", b"[]".to_vec(), 0),
        ("an empty object of OTLP", br#"{"resourceSpans":[]}"#.to_vec(), 0),
    ] {
        let input = read(&content);
        assert_eq!((input.spans.len(), input.reports[0].skipped), (spans, 0), "{name}: {:?}", input.reports);
    }
}

#[test]
fn spellings_of_other_tools_are_read() {
    let fields = r#""name":"work","startTimeUnixNano":1000,"endTimeUnixNano":"2000""#;
    for (name, content) in [
        ("numbers instead of strings", format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"07","spanId":"01",{fields}}}]}}]}}]}}"#)),
        ("base64 ids and names of enums, as Tempo", format!(r#"{{"batches":[{{"scopeSpans":[{{"spans":[{{"traceId":"AAAAAAAAAAAAAAAAAAAABw==","spanId":"AAAAAAAAAAE=","kind":"SPAN_KIND_SERVER","status":{{"code":"STATUS_CODE_ERROR"}},{fields}}}]}}]}}]}}"#)),
        ("Tempo's second API", format!(r#"{{"trace":{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"7","spanId":"1",{fields}}}]}}]}}]}}}}"#)),
        ("Jaeger's third API", format!(r#"{{"result":{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"7","spanId":"1",{fields}}}]}}]}}]}}}}"#)),
        ("instrumentation libraries", format!(r#"{{"resourceSpans":[{{"instrumentationLibrarySpans":[{{"spans":[{{"traceId":"7","spanId":"1",{fields}}}]}}]}}]}}"#)),
        ("names with underscores", r#"{"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"7","span_id":"1","name":"work","start_time_unix_nano":"1000","end_time_unix_nano":"2000"}]}]}]}"#.to_owned()),
        ("the resource after its spans", format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"7","spanId":"1",{fields}}}]}}],"resource":{{"attributes":[]}}}}]}}"#)),
        ("unknown fields", format!(r#"{{"version":3,"resourceSpans":[{{"x":[{{"y":1}}],"scopeSpans":[{{"spans":[{{"zzz":{{"a":[1]}},"traceId":"7","spanId":"1",{fields}}}]}}]}}]}}"#)),
        ("nulls", format!(r#"{{"resourceSpans":[{{"resource":null,"scopeSpans":[{{"scope":null,"spans":[{{"traceId":"7","spanId":"1","parentSpanId":null,"attributes":null,"events":null,"links":null,"status":null,{fields}}}]}}]}}]}}"#)),
        ("Jaeger, processes after spans", r#"{"data":[{"traceID":"7","spans":[{"traceID":"7","spanID":"1","operationName":"work","startTime":1,"duration":1,"processID":"p1"}],"processes":{"p1":{"serviceName":"shop"}}}]}"#.to_owned()),
        ("Jaeger as Elasticsearch keeps it", r#"{"traceID":"7","spanID":"1","operationName":"work","startTime":1,"duration":1,"process":{"serviceName":"shop","tags":[]}}"#.to_owned()),
        ("Zipkin, a list of traces", r#"[[{"traceId":"7","id":"1","name":"work","timestamp":1,"duration":1,"localEndpoint":{"serviceName":"shop"}}]]"#.to_owned()),
        ("Zipkin, one span a line", "{\"traceId\":\"7\",\"id\":\"1\",\"name\":\"work\",\"timestamp\":\"1\",\"duration\":\"1\"}\n".to_owned()),
        ("the console of an SDK", r#"{"name":"work","context":{"trace_id":"0x07","span_id":"0x01"},"parent_id":null,"start_time":"1970-01-01T00:00:00.000001Z","end_time":"1970-01-01T00:00:00.000002Z"}"#.to_owned()),
    ] {
        let input = read(&content);
        let found = input.spans.traces().next().unwrap_or_else(|| panic!("{name}: {:?}", input.reports)).span(0);
        let fields = (found.trace_id(), found.id(), found.parent_id(), found.name(), found.start(), found.end());
        assert_eq!(fields, (7, 1, None, "work", 1_000, 2_000), "{name}");
        assert_eq!((input.spans.len(), input.reports[0].skipped), (1, 0), "{name}");
    }
}

#[test]
fn problems_name_the_line_and_count_what_was_skipped() {
    let text = format!(
        "{}\n{{\"resourceSpans\": [oops]}}\n{}\n",
        document(&[span(1)]),
        document(&[span(2), "{}".to_owned()])
    );
    let input = read(&text);
    assert_eq!(input.spans.len(), 2);
    let report = &input.reports[0];
    assert_eq!(report.skipped, 2);
    let text = report.to_string();
    assert!(text.starts_with("input: 2 spans, 2 records skipped"), "{text}");
    assert!(text.contains("input: line 2, column 20: expected value"), "{text}");
    assert!(text.contains("input: line 3: a span has no trace id"), "{text}");
}

#[test]
fn what_comes_before_a_break_is_kept() {
    let one = document(&[span(1), span(2)]);
    let cut = &one[..one.len() - 30];
    for (name, content) in [
        ("a truncated last line", format!("{}\n{cut}", document(&[span(3)])).into_bytes()),
        ("a truncated document", format!("{}{cut}", document(&[span(3)])).into_bytes()),
    ] {
        let input = read(&content);
        assert_eq!(input.spans.len(), 2, "{name}: {:?}", input.reports);
        assert!(input.reports[0].problems[0].what.contains("truncated"), "{name}: {:?}", input.reports);
    }
    let mut set = SpanSet::from_records((1..=50).map(|it| SpanRecord::new(it, 1).with_name("work")));
    let mut proto = Vec::new();
    otlp_proto(&set, &mut proto).unwrap();
    let input = read(&proto[..proto.len() - 3]);
    assert_eq!((input.spans.len(), input.reports[0].skipped), (49, 1), "{:?}", input.reports);
    let mut json = Vec::new();
    set.retain_traces(|_| true);
    otlp_json(&set, &mut json).unwrap();
    let packed = gzip(&json);
    let input = read(&packed[..packed.len() - 40]);
    assert!(input.reports[0].skipped >= 1 && !input.reports[0].problems.is_empty(), "{:?}", input.reports);
}

#[test]
fn unknown_content_is_refused_with_a_reason() {
    for (content, reason) in [
        (&b"hello, world"[..], "it begins with \"hello, world\""),
        (&[0xff, 0xfe, b'{', 0], "UTF-16"),
        (b"PK\x03\x04....", "ZIP"),
        (b"\x7fELF\x01\x01\x01\x00", "not a known format"),
    ] {
        let error = read_bytes("input", content, &ReadOptions::new()).unwrap_err();
        assert!(matches!(error, ReadError::NotRecognised { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

/// Runs every analysis, to check that none of them panics.
fn ask(lens: &Lens) {
    let summary = lens.summary();
    assert!(serde_json::to_string(&summary).is_ok());
    let _ =
        (summary.map.with_messages(), summary.quality.all(), summary.quality.incomplete(), lens.durations());
    let _ = lens.why(|trace| trace.duration() > 1).why();
    for trace in lens.traces() {
        let path = lens.critical_path(trace);
        assert!(path.services.iter().all(|it| (0.0..=1.0).contains(&it.share)), "{path:?}");
        let _ = trace_lens::analysis::diff_traces(trace, trace);
    }
    for write in [otlp_json, otlp_proto, jaeger, zipkin] {
        write(lens.spans(), &mut Vec::new()).unwrap();
    }
}

#[test]
fn hostile_spans_do_no_harm() {
    let of = |it: SpanRecord| it.with_service("evil").with_name("work");
    let many = 5_000;
    for (name, records) in [
        ("its own parent", vec![of(SpanRecord::new(1, 1).with_parent(1).with_times(0, 10))]),
        (
            "each other's parents",
            (1..=3).map(|id| of(SpanRecord::new(1, id).with_parent(id % 3 + 1).with_times(0, 10))).collect(),
        ),
        ("duplicate ids", (0..50).map(|it| of(SpanRecord::new(1, 1).with_times(it, it + 10))).collect()),
        ("ends before it starts", vec![of(SpanRecord::new(1, 1).with_times(100, 5))]),
        (
            "the end of time",
            vec![
                of(SpanRecord::new(1, 1).with_times(0, u64::MAX)),
                of(SpanRecord::new(1, 2).with_parent(1).with_times(u64::MAX - 1, u64::MAX)),
                of(SpanRecord::new(1, 3).with_parent(2).with_times(u64::MAX, 0)),
            ],
        ),
        (
            "a long chain",
            (1..=many)
                .map(|id| of(SpanRecord::new(1, id).with_parent(id - 1).with_times(id, 2 * many - id)))
                .collect(),
        ),
        (
            "many children",
            (1..=many)
                .map(|id| of(SpanRecord::new(1, id).with_parent(u64::from(id > 1)).with_times(id, id + 2)))
                .collect(),
        ),
        (
            "many namesakes",
            (1..=many)
                .map(|id| of(SpanRecord::new(1, 1 + id % 2).with_parent(1).with_times(id, id + 2)))
                .collect(),
        ),
        ("many roots", (1..=many).map(|id| of(SpanRecord::new(1, id).with_times(id, id + 2))).collect()),
    ] {
        let lens = Lens::from_records(records);
        ask(&lens);
        ask(&lens.with_corrected_times());
        assert!(!name.is_empty());
    }
}

#[test]
fn hostile_files_do_no_harm() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let huge = "x".repeat(20 << 20);
    for content in [
        deep("[", "]"),
        deep("{\"data\":", "}"),
        deep("{\"resourceSpans\":[", "]}"),
        format!("{{\"traceId\":\"1\",\"id\":\"1\",\"tags\":{{\"a\":{}}}}}", deep("[", "]")),
        document(&[format!(r#"{{"traceId":"1","spanId":"1","name":"{huge}"}}"#)]),
        r#"{"traceId":"1","id":"1","timestamp":-5,"duration":-10}"#.to_owned(),
        r#"{"traceId":"1","id":"1","timestamp":1e300,"duration":1e300}"#.to_owned(),
        r#"{"traceId":"1","id":"1","timestamp":99999999999999999999999999,"duration":"9e99"}"#.to_owned(),
        r#"{"traceId":"1","id":"1","kind":{"a":1},"name":[1],"tags":"x","localEndpoint":7}"#.to_owned(),
    ] {
        let input = read(&content);
        ask(&Lens::from(input));
    }
    // A claimed length does not cause an allocation.
    for content in
        [&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0a][..], &[0x7f, 0xff, 0xff, 0xff, 0x0a, 0x02, 0x0a, 0x00]]
    {
        let _ = read_bytes("input", content, &ReadOptions::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_do_no_harm(at in 0usize..4_000, byte: u8, cut in 0usize..4_000, proto: bool) {
        let set = SpanSet::from_records((1..=8u64).map(|id| {
            SpanRecord::new(1, id).with_parent(id / 2).with_service("shop").with_name("work").with_times(id, id + 100)
                .with_attribute("a", "b").with_attribute("n", 5).with_link(2, 3)
        }));
        let mut content = Vec::new();
        if proto { otlp_proto(&set, &mut content) } else { otlp_json(&set, &mut content) }.unwrap();
        if let Some(changed) = content.get_mut(at) {
            *changed = byte;
        }
        content.truncate(content.len().saturating_sub(cut / 8).max(1));
        if let Ok(input) = read_bytes("input", &content, &ReadOptions::new()) {
            ask(&Lens::from(input));
        }
    }

    #[test]
    fn any_bytes_do_no_harm(content in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(input) = read_bytes("input", &content, &ReadOptions::new()) {
            ask(&Lens::from(input));
        }
    }

    #[test]
    fn what_is_written_is_read_again(names in prop::collection::vec("\\PC{0,12}", 1..10), number: i64, double: f64) {
        let records = names.iter().enumerate().map(|(index, name)| {
            SpanRecord::new(9, index as u64 + 1).with_parent(index as u64 / 2).with_name(name.clone()).with_service(name.clone())
                .with_times(index as u64 * 1_000, index as u64 * 1_000 + 5_000)
                .with_attribute("text", name.clone()).with_attribute("int", number).with_attribute("double", double)
                .with_attribute("flag", true)
        });
        let set = SpanSet::from_records(records);
        for write in [otlp_json, otlp_proto] {
            let mut content = Vec::new();
            write(&set, &mut content).unwrap();
            let input = read(&content);
            prop_assert_eq!(input.reports[0].skipped, 0);
            let fields = |set: &SpanSet| -> Vec<String> {
                let spans = set.traces().flat_map(|trace| trace.spans());
                spans.map(|it| format!("{:?}", (it.id(), it.parent_id(), it.name(), it.service(), it.start(), it.end(),
                    ["text", "int", "double", "flag"].map(|key| it.text(key).map(|it| it.into_owned()))))).collect()
            };
            prop_assert_eq!(fields(&input.spans), fields(&set));
        }
    }
}
