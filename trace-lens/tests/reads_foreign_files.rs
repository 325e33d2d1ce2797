//! Files of other tools are read unchanged, and the results do not depend on the tool that wrote them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use trace_lens::analysis::Summary;
use trace_lens::read::{ReadOptions, read_files};
use trace_lens::{Kind, Lens};

fn path(file: &str) -> String {
    format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn lens(file: &str) -> Lens {
    Lens::open([path(file)]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_file_is_read_whole() {
    for (file, spans, traces, format) in [
        ("collector/shop.json.gz", 306, 35, "JSON lines in gzip"),
        ("collector/shop.json.zst", 306, 35, "messages after lengths of 4 bytes"),
        ("collector/shop.proto.gz", 306, 35, "messages after lengths of 4 bytes in gzip"),
        ("collector/shop.proto.zst", 306, 35, "messages after lengths of 4 bytes"),
        ("jaeger/shop-from-query-api.json.gz", 306, 35, "JSON in gzip"),
        ("jaeger/otlp2jaeger-in.json", 2, 1, "JSON"),
        ("jaeger/otlp2jaeger-out.json", 2, 1, "JSON"),
        ("jaeger/spanLongerAsParent.json", 8, 1, "JSON"),
        ("jaeger/flamegraph.json", 4, 1, "JSON"),
        ("jaeger/traceWithTwoNonOverlappingChildren.json", 3, 1, "JSON"),
        ("jaeger/traceWithOverlappingChildrenLongerThanParent.json", 4, 1, "JSON"),
        ("zipkin/messaging-kafka.json", 28, 1, "JSON"),
        ("zipkin/simple-db-p6.json", 5, 1, "JSON"),
        ("zipkin/skew.json", 4, 1, "JSON"),
        ("zipkin/yelp.json", 16, 1, "JSON"),
        ("crisp/5.json", 4, 1, "JSON"),
        ("crisp/10.json", 4, 1, "JSON"),
    ] {
        let input = read_files(&[path(file)], &ReadOptions::new()).unwrap_or_else(|error| panic!("{error}"));
        let report = &input.reports[0];
        assert_eq!((report.spans, input.spans.trace_count()), (spans, traces), "{file}");
        assert_eq!((report.skipped, report.format.as_str()), (0, format), "{file}: {:?}", report.problems);
    }
}

#[test]
fn logs_and_metrics_beside_spans_are_counted() {
    let input = read_files(&[path("otel-tui/opentelemetry-demo-part.jsonl")], &ReadOptions::new()).unwrap();
    assert!(input.spans.len() > 30, "{}", input.spans.len());
    assert_eq!((input.reports[0].other_signals, input.reports[0].skipped), (3, 0));
}

/// What a summary says apart from fractions of microseconds, which Jaeger does not keep.
fn answers(summary: &Summary) -> String {
    let map = summary.map.with_messages();
    let edges = map
        .edges
        .iter()
        .flat_map(|(caller, callees)| callees.iter().map(move |(callee, it)| (caller, callee, it)));
    let edges: Vec<_> = edges
        .map(|(caller, callee, it)| (caller, callee, it.calls, it.callers, it.errors, it.unawaited, &it.via))
        .collect();
    let causes: Vec<_> = summary
        .errors
        .causes
        .iter()
        .map(|(cause, it)| (cause, it.traces, it.reached_root, it.handled, &it.chains, &it.messages))
        .collect();
    let chain: Vec<_> = summary.path.by_service().into_iter().map(|(service, _)| service).take(5).collect();
    format!("{edges:#?}\n{causes:#?}\n{chain:?}\n{:?}", summary.latency.all.durations.count())
}

#[test]
fn the_shop_gives_the_same_answers_whichever_tool_wrote_it() {
    let expected = answers(&lens("collector/shop.json.gz").summary());
    assert!(expected.contains("card-processor"), "{expected}");
    for file in [
        "collector/shop.json.zst",
        "collector/shop.proto.gz",
        "collector/shop.proto.zst",
        "jaeger/shop-from-query-api.json.gz",
    ] {
        assert_eq!(answers(&lens(file).summary()), expected, "{file}");
    }
}

#[test]
fn jaeger_and_otlp_forms_of_one_trace_agree() {
    let (otlp, jaeger) = (lens("jaeger/otlp2jaeger-in.json"), lens("jaeger/otlp2jaeger-out.json"));
    for (a, b) in otlp.traces().next().unwrap().spans().zip(jaeger.traces().next().unwrap().spans()) {
        let fields = |it: trace_lens::model::SpanRef<'_>| {
            let tags = ["net.peer.ip", "peer.service"].map(|key| it.text(key).map(|it| it.into_owned()));
            (
                it.id(),
                it.parent_id(),
                it.name().to_owned(),
                it.service().to_owned(),
                it.kind(),
                it.start() / 1_000,
                tags,
            )
        };
        assert_eq!(fields(a), fields(b));
    }
}

#[test]
fn both_halves_of_a_shared_zipkin_span_are_one_call() {
    let lens = lens("zipkin/skew.json");
    let tree = lens.tree(lens.traces().next().unwrap());
    let parent_of = |service: &str, name: &str, kind: Kind| {
        let found = (0..tree.len()).find(|&it| {
            let span = tree.span(it);
            (span.service(), span.name(), span.kind()) == (service, name, kind)
        });
        let parent = tree.parent_index(found.unwrap()).map(|it| tree.span(it));
        parent.map(|it| (it.service(), it.name(), it.kind()))
    };
    assert_eq!(parent_of("serviceb", "post", Kind::Server), Some(("servicea", "post", Kind::Client)));
    assert_eq!(parent_of("serviceb", "async", Kind::Unspecified), Some(("serviceb", "post", Kind::Server)));
    assert_eq!(lens.dependencies().edge("servicea", "serviceb").unwrap().calls, 1);
    let drawn = trace_lens::show::waterfall(&tree, &trace_view::WaterfallOptions::new());
    assert!(drawn.contains("└ post "), "{drawn}");
}
