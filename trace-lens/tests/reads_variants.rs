//! One call, as tools and their versions write it in different ways, gives the same spans.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use trace_lens::model::Kind;
use trace_lens::read::{ReadOptions, read_bytes};

const TRACE: &str = "5b8efff798038103d269b633813fc60c";
const START: u64 = 1_544_712_660_000_000_000;

/// Replaces `T` by the trace id and the quotes.
fn json(text: &str) -> String {
    text.replace('\'', "\"").replace("TRACE", TRACE)
}

/// Service, kind, start after [`START`] in milliseconds, duration in milliseconds, and whether it failed.
type Expected = (&'static str, Kind, u64, u64, bool);

/// A call of the service `back`, which fails, by `front`.
const CALL: [Expected; 2] =
    [("front", Kind::Client, 0, 1_000, false), ("back", Kind::Server, 100, 500, true)];

#[track_caller]
fn check(name: &str, content: impl AsRef<[u8]>, expected: &[Expected]) {
    let input = read_bytes("input", content.as_ref(), &ReadOptions::new()).unwrap();
    assert_eq!(input.reports[0].skipped, 0, "{name}: {:?}", input.reports);
    let trace = input.spans.traces().next().unwrap_or_else(|| panic!("{name}: no trace"));
    let found: Vec<_> = trace
        .spans()
        .map(|it| {
            let (start, duration) = ((it.start() - START) / 1_000_000, it.duration() / 1_000_000);
            (it.service(), it.kind(), start, duration, it.is_failed())
        })
        .collect();
    assert_eq!(found, expected, "{name}");
}

const OTLP: &str = "{'resourceSpans':[
    {'resource':{'attributes':[{'key':'service.name','value':{'stringValue':'front'}}]},'scopeSpans':[{'spans':[
        {'traceId':'TRACE','spanId':'01','name':'call','kind':3,'startTimeUnixNano':'1544712660000000000','endTimeUnixNano':'1544712661000000000'}]}]},
    {'resource':{'attributes':[{'key':'service.name','value':{'stringValue':'back'}}]},'scopeSpans':[{'spans':[
        {'traceId':'TRACE','spanId':'02','parentSpanId':'01','name':'serve','kind':2,'startTimeUnixNano':'1544712660100000000','endTimeUnixNano':'1544712660600000000','status':{'code':2}}]}]}]}";

#[test]
fn otlp_and_what_is_around_it() {
    let plain = json(OTLP);
    let inner = plain.trim_start_matches("{\"resourceSpans\":").trim_end_matches('}');
    let line = plain.replace('\n', "");
    for (name, content) in [
        ("as it is", plain.clone()),
        ("Jaeger's third API", format!("{{\"result\":{plain}}}")),
        ("Tempo's first API", format!("{{\"batches\":{inner}}}")),
        ("Tempo's second API", format!("{{\"trace\":{plain},\"metrics\":{{}}}}")),
        ("a list of exports, with an empty one", format!("[{plain},{{}}]")),
        ("lines, and the empty export", format!("{line}\r\n\r\n{{}}\r\n")),
        (
            "enum names",
            plain
                .replace("\"kind\":3", "\"kind\":\"SPAN_KIND_CLIENT\"")
                .replace("\"code\":2", "\"code\":\"STATUS_CODE_ERROR\""),
        ),
        (
            "enum numbers as text",
            plain.replace("\"kind\":3", "\"kind\":\"3\"").replace("\"code\":2", "\"code\":\"2\""),
        ),
        ("times as numbers", plain.replace("\"1544712660000000000\"", "1544712660000000000")),
        (
            "names with underscores",
            [
                "resourceSpans",
                "scopeSpans",
                "traceId",
                "spanId",
                "parentSpanId",
                "startTimeUnixNano",
                "endTimeUnixNano",
                "stringValue",
            ]
            .iter()
            .fold(plain.clone(), |text, name| {
                let snake: String =
                    name.chars()
                        .map(|it| {
                            if it.is_uppercase() { format!("_{}", it.to_lowercase()) } else { it.to_string() }
                        })
                        .collect();
                text.replace(name, &snake)
            }),
        ),
    ] {
        check(name, content, &CALL);
    }
}

#[test]
fn jaeger_in_each_version() {
    const FRONT: &str = "'traceID':'TRACE','spanID':'01','operationName':'call','references':[]";
    const BACK: &str = "'traceID':'TRACE','spanID':'02','operationName':'serve','references':[{'refType':'CHILD_OF','traceID':'TRACE','spanID':'01'}]";
    const CLIENT: &str = "'tags':[{'key':'span.kind','type':'string','value':'client'}]";
    const SERVER: &str = "'tags':[{'key':'span.kind','type':'string','value':'server'},{'key':'error','type':'bool','value':true}]";
    let micros =
        ["'startTime':1544712660000000,'duration':1000000", "'startTime':1544712660100000,'duration':500000"];
    let nanos = [
        "'startTime':'1544712660000000000','duration':'1000000000'",
        "'duration':500000000,'startTime':1544712660100000000",
    ];
    for (name, times) in [("microseconds", micros), ("nanoseconds as text and as numbers", nanos)] {
        let document = format!(
            "{{'data':[{{'traceID':'TRACE','spans':[{{{FRONT},{},{CLIENT},'processID':'p1'}},{{{BACK},{},{SERVER},'processID':'p2'}}],
               'processes':{{'p1':{{'serviceName':'front'}},'p2':{{'serviceName':'back'}}}}}}],'total':0,'errors':null}}",
            times[0], times[1]
        );
        check(name, json(&document), &CALL);
    }
    let front = format!("{{{FRONT},{},{CLIENT},'process':{{'serviceName':'front','tags':[]}}}}", micros[0]);
    let back = format!(
        "{{{BACK},{},'tag':{{'span@kind':'server','span.kind':'server','error':'true'}},'process':{{'serviceName':'back','tag':{{'host':'h'}}}}}}",
        micros[1]
    );
    let hit = |source: &str| {
        format!("{{'_index':'jaeger-span-2018-12-13','_id':'x','_score':1.0,'_source':{source}}}")
    };
    for (name, content) in [
        ("Elasticsearch's documents", format!("{front}\n{back}\n")),
        ("a dump of Elasticsearch", format!("{}\n{}\n", hit(&front), hit(&back))),
        (
            "an answer of Elasticsearch",
            format!(
                "{{'took':5,'timed_out':false,'hits':{{'total':{{'value':2}},'max_score':1.0,'hits':[{},{}]}}}}",
                hit(&front),
                hit(&back)
            ),
        ),
    ] {
        check(name, json(&content), &CALL);
    }
    let grpc = "{'spans':[
        {'traceId':'W47/95gDgQPSabYzgT/GDA==','spanId':'AAAAAAAAAAE=','operationName':'call','startTime':'2018-12-13T14:51:00Z','duration':'1s','tags':[{'key':'span.kind','vStr':'client'}],'process':{'serviceName':'front'}},
        {'traceId':'W47/95gDgQPSabYzgT/GDA==','spanId':'AAAAAAAAAAI=','references':[{'traceId':'W47/95gDgQPSabYzgT/GDA==','spanId':'AAAAAAAAAAE='}],'operationName':'serve','startTime':'2018-12-13T14:51:00.100Z','duration':'0.5s','tags':[{'key':'span.kind','vStr':'server'},{'key':'error','vType':'BOOL','vBool':true}],'process':{'serviceName':'back'}}]}";
    check("gRPC's JSON", json(grpc), &CALL);
}

#[test]
fn zipkin_in_each_version() {
    let v2 = "[{'traceId':'TRACE','id':'01','name':'call','kind':'CLIENT','timestamp':1544712660000000,'duration':1000000,'localEndpoint':{'serviceName':'front'}},
               {'traceId':'TRACE','id':'02','parentId':'01','name':'serve','kind':'SERVER','timestamp':1544712660100000,'duration':500000,'localEndpoint':{'serviceName':'back'},'tags':{'error':'boom'}}]";
    check("v2", json(v2), &CALL);
    let v1 = "[{'traceId':'TRACE','id':'01','name':'call','annotations':[
                  {'timestamp':1544712660000000,'value':'cs','endpoint':{'serviceName':'front','ipv4':'10.0.0.1','port':80}},
                  {'timestamp':1544712661000000,'value':'cr','endpoint':{'serviceName':'front'}}],
                'binaryAnnotations':[{'key':'sa','value':true,'endpoint':{'serviceName':'back'}},{'key':'http.path','value':'/x','endpoint':{'serviceName':'front'}}]},
               {'traceId':'TRACE','id':'02','parentId':'01','name':'serve','timestamp':1544712660100000,'duration':500000,'annotations':[
                  {'timestamp':1544712660100000,'value':'sr','endpoint':{'serviceName':'back'}},
                  {'timestamp':1544712660200000,'value':'cache miss','endpoint':{'serviceName':'back'}},
                  {'timestamp':1544712660600000,'value':'ss','endpoint':{'serviceName':'back'}}],
                'binaryAnnotations':[{'key':'error','value':'boom','endpoint':{'serviceName':'back'}}]}]";
    check("v1", json(v1), &CALL);
    let input = read_bytes("input", json(v1).as_bytes(), &ReadOptions::new()).unwrap();
    let trace = input.spans.traces().next().unwrap();
    assert_eq!(trace.span(0).text("peer.service").as_deref(), Some("back"));
    assert_eq!(trace.span(0).text("http.path").as_deref(), Some("/x"));
    assert_eq!(trace.span(1).events().len(), 1);
    assert_eq!(trace.span(1).message(), "boom");
    // Both sides in one span, as before version 2.
    let shared = "[{'traceId':'TRACE','id':'01','name':'call','annotations':[
        {'timestamp':1544712660000000,'value':'cs','endpoint':{'serviceName':'front'}},
        {'timestamp':1544712660100000,'value':'sr','endpoint':{'serviceName':'back'}},
        {'timestamp':1544712660600000,'value':'ss','endpoint':{'serviceName':'back'}},
        {'timestamp':1544712661000000,'value':'cr','endpoint':{'serviceName':'front'}}]}]";
    check("v1, shared", json(shared), &[CALL[0], ("back", Kind::Server, 100, 500, false)]);
    let local = "[{'traceId':'TRACE','id':'01','name':'work','timestamp':1544712660000000,'duration':1000000,'annotations':[],
        'binaryAnnotations':[{'key':'lc','value':'component','endpoint':{'serviceName':'front'}}]}]";
    check("v1, local", json(local), &[("front", Kind::Unspecified, 0, 1_000, false)]);
    // Only what a span must have.
    let least = "[{'traceId':'TRACE','id':'01'},{'traceId':'TRACE','id':'02','localEndpoint':null,'tags':{'error':''}}]";
    let input = read_bytes("input", json(least).as_bytes(), &ReadOptions::new()).unwrap();
    assert_eq!((input.spans.len(), input.reports[0].skipped), (2, 0), "{:?}", input.reports);
}

#[test]
fn datadog_in_json() {
    let spans = "[[{'trace_id':77,'span_id':1,'parent_id':0,'name':'call','service':'front','start':1544712660000000000,'duration':1000000000,'error':0,'meta':{'span.kind':'client'}},
                   {'trace_id':77,'span_id':2,'parent_id':1,'name':'serve','service':'back','start':1544712660100000000,'duration':500000000,'error':1,'meta':{'span.kind':'server'}}]]";
    check("Datadog", json(spans), &CALL);
}

#[test]
fn other_documents_are_refused_with_their_fields() {
    for (content, expected) in [
        ("{'Traces':[{'Id':'1-5759e988'}]}", "it has the fields Traces"),
        (
            "{'log':'a line','stream':'stdout'}\n{'log':'b'}\n",
            "line 1: neither a span nor a document with spans; it has the fields log, stream",
        ),
        ("{'error':{'code':5,'message':'trace not found'}}", "it has the fields error"),
        ("{'traceId':'77'}", "a span has no span id"),
    ] {
        let input = read_bytes("input", json(content).as_bytes(), &ReadOptions::new()).unwrap();
        let report = input.reports[0].to_string();
        assert!(input.reports[0].skipped > 0 && report.contains(expected), "{content}: {report}");
    }
    for (content, expected) in [
        (&b"\xff\xfe\x00\x00{\x00\x00\x00"[..], "UTF-32"),
        (b"\xfe\xff\x00{\x00\"", "UTF-16"),
        (b"{\x00\"\x00r\x00e\x00", "UTF-16"),
        (b"\x00{\x00\"\x00r\x00e", "UTF-16"),
        (b"\x1f\x8b\x08\x00\x00", "truncated or damaged gzip"),
        (b"\x28\xb5\x2f\xfd\x04", "truncated or damaged zstd"),
        (b"traceId,spanId\n1,2\n", "not a known format; it begins with \"traceId,spanId"),
        (b"null", "not a known format"),
    ] {
        let error = read_bytes("input", content, &ReadOptions::new()).unwrap_err().to_string();
        assert!(error.starts_with("input: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn frames_of_compression_may_follow_each_other() {
    let line = json(OTLP).replace('\n', "");
    let (front, back) = (line.replace("\"02\"", "\"03\"") + "\n", line + "\n");
    let packed = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let input = read_bytes("input", &[packed(&front), packed(&back)].concat(), &ReadOptions::new()).unwrap();
    assert_eq!((input.spans.len(), input.reports[0].skipped), (4, 0), "{:?}", input.reports);
}

#[test]
fn folders_are_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_str().unwrap().to_owned();
    let open = || trace_lens::Lens::open([name.clone()]);
    assert!(open().unwrap_err().to_string().contains("the folder holds no files"));
    std::fs::create_dir(folder.path().join("below")).unwrap();
    std::fs::write(folder.path().join("below/a.json"), json(OTLP)).unwrap();
    std::fs::write(folder.path().join("b.json"), json(OTLP).replace("\"02\"", "\"03\"")).unwrap();
    std::fs::write(folder.path().join(".hidden"), "no spans").unwrap();
    assert_eq!(open().unwrap().spans().len(), 4);
    std::fs::write(folder.path().join("c.txt"), "no spans").unwrap();
    assert!(open().unwrap_err().to_string().contains("c.txt: not a known format"));
}

#[test]
fn plain_protobuf_is_not_taken_for_framed() {
    // Resources of every length, so that the first bytes look like lengths too.
    for length in 0..400 {
        let record = trace_lens::SpanRecord::new(1, 1).with_resource("host.name", "x".repeat(length));
        let mut out = Vec::new();
        trace_lens::write::otlp_proto(&trace_lens::SpanSet::from_records([record]), &mut out).unwrap();
        let input = read_bytes("input", &out, &ReadOptions::new()).unwrap();
        assert_eq!((input.spans.len(), input.reports[0].skipped), (1, 0), "{length}: {:?}", input.reports);
    }
}
