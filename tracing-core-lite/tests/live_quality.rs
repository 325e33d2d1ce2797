//! Live quality finds broken context while the process runs, and nothing where context is whole.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::quality::{Issue, LiveQuality, QualityReport};
use tracing_core_lite::sampling::{Record, Sampler, SamplingDecision, SamplingInput};
use tracing_core_lite::{Context, Span, SpanKind, TracerProvider};

struct Observed {
    provider: TracerProvider,
    exporter: MemoryExporter,
    quality: LiveQuality,
}

impl Observed {
    fn new() -> Self {
        let (exporter, quality) = (MemoryExporter::new(), LiveQuality::new());
        let provider = TracerProvider::builder()
            .with_exporter(exporter.clone())
            .with_live_quality(quality.clone())
            .build()
            .unwrap();
        Self { provider, exporter, quality }
    }

    fn report(&self) -> QualityReport {
        self.provider.flush(Duration::from_secs(10)).unwrap();
        self.quality.report()
    }

    /// Starts a span at a number of milliseconds.
    fn start(&self, name: &str, kind: SpanKind, parent: &Context, start: u64) -> Span {
        self.provider
            .tracer("test")
            .span(name)
            .with_kind(kind)
            .with_parent(parent)
            .with_start_time(at(start))
            .start()
    }

    /// A request from a peer, with or without a parent.
    fn request(&self, peer: &str, parent: Option<&SpanContext>, attributes: &[(&str, &str)]) {
        let tracer = self.provider.tracer("test");
        let root = Context::new();
        let mut span = tracer.span("GET /orders").with_kind(SpanKind::Server).with_parent(&root);
        if let Some(parent) = parent {
            span = span.with_remote_parent(parent);
        }
        let span = span.start_with(|span| {
            span.set("client.address", peer);
            for (key, value) in attributes {
                span.set(key, *value);
            }
        });
        span.end();
    }
}

fn at(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_millis(milliseconds)
}

fn remote(sampled: bool) -> SpanContext {
    let flags = TraceFlags::new(u8::from(sampled));
    SpanContext::new(TraceId::from(7), SpanId::from(7), flags, true, TraceState::default())
}

#[test]
fn a_peer_that_stops_sending_context_is_reported() {
    let observed = Observed::new();
    for _ in 0..3 {
        observed.request("10.0.0.7", Some(&remote(true)), &[]);
        observed.request("10.0.0.8", None, &[]);
    }
    assert!(observed.report().is_clean(), "{}", observed.report());
    observed.request("10.0.0.7", None, &[("tracing_suite.boundary.policy", "public")]);
    assert!(observed.report().is_clean(), "the sender is a stranger, whose context is not used");

    observed.request("10.0.0.7", None, &[]);
    observed.request("10.0.0.7", None, &[]);
    let report = observed.report();
    assert_eq!((report.spans, report.issues.len()), (9, 1), "{report}");
    let issue = report.of(Issue::MissingParent).unwrap();
    assert_eq!((issue.count, &*issue.example.name), (2, "GET /orders"));
    assert_eq!(issue.example.evidence, "peer 10.0.0.7");
    let exported = observed.exporter.finished();
    assert!(exported.iter().any(|it| it.span.span_id == issue.example.span_id), "the example was exported");
    assert!(report.to_string().contains("10.0.0.7"), "{report}");
}

#[test]
fn work_after_the_root_and_futures_that_outlive_their_span_are_reported() {
    // (kind, start, end, the issue) of a child of a span from 100 to 200 ms in a request from 0 to 300 ms.
    let cases = [
        (SpanKind::Internal, 110, 190, None),
        (SpanKind::Internal, 110, 250, None),
        (SpanKind::Client, 200, 300, None),
        (SpanKind::Client, 110, 301, Some(Issue::EndedAfterRoot)),
        (SpanKind::Internal, 201, 202, Some(Issue::OutlivedSpan)),
        (SpanKind::Producer, 400, 500, Some(Issue::OutlivedSpan)),
        (SpanKind::Consumer, 400, 500, None),
    ];
    for (kind, start, end, expected) in cases {
        for is_late in [false, true] {
            let observed = Observed::new();
            let root = observed.start("request", SpanKind::Server, &Context::new(), 0);
            let parent = observed.start("charge", SpanKind::Internal, &root.in_context(&Context::new()), 100);
            let child = observed.start("notify", kind.clone(), &parent.in_context(&Context::new()), start);
            parent.end_at(at(200));
            root.end_at(at(300));
            if is_late {
                // The child is in a later batch.
                assert!(observed.report().is_clean());
            }
            child.end_at(at(end));
            let report = observed.report();
            let found: Vec<_> = report.issues.iter().map(|it| (it.issue, it.count)).collect();
            let expected: Vec<_> = expected.into_iter().map(|issue| (issue, 1)).collect();
            assert_eq!(found, expected, "{kind:?} {start} {end} {is_late}: {report}");
            assert!(report.issues.iter().all(|it| it.example.name == "notify"), "{report}");
        }
    }
}

#[test]
fn two_requests_of_one_trace_have_a_root_each() {
    let observed = Observed::new();
    for (start, end) in [(0, 100), (200, 300)] {
        let tracer = observed.provider.tracer("test");
        let root = tracer
            .span("GET /stock")
            .with_kind(SpanKind::Server)
            .with_remote_parent(&remote(true))
            .with_start_time(at(start))
            .start();
        let child = observed.start("query", SpanKind::Client, &root.in_context(&Context::new()), start + 10);
        child.end_at(at(end - 10));
        root.end_at(at(end));
    }
    assert!(observed.report().is_clean(), "{}", observed.report());
}

#[test]
fn a_context_that_a_task_lost_is_reported_with_the_line() {
    let observed = Observed::new();
    let tracer = observed.provider.tracer("test");
    let request = tracer.span("request").with_kind(SpanKind::Server).start();
    let context = request.in_context(&Context::new());
    let mut line = 0;
    for parent in [Some(&context), Some(&context), Some(&context), None] {
        let span = tracer.span("send mail");
        line = line!() - 1;
        match parent {
            Some(parent) => span.with_parent(parent).start().end(),
            None => span.start().end(),
        }
    }
    tracer.span("nightly job").start().end();
    request.end();

    let report = observed.report();
    let issue = report.of(Issue::LostContext).unwrap();
    assert_eq!((report.issues.len(), issue.count, &*issue.example.name), (1, 1, "send mail"), "{report}");
    assert_eq!(issue.example.evidence, format!("started at {}:{line}", file!()));
}

#[test]
fn locations_are_recorded_only_if_something_looks_for_lost_context() {
    let exporter = MemoryExporter::new();
    let provider = TracerProvider::builder().with_exporter(exporter.clone()).build().unwrap();
    provider.tracer("test").span("job").start().end();
    provider.flush(Duration::from_secs(10)).unwrap();
    assert_eq!(exporter.finished()[0].span.attributes, []);
}

/// Samples what its parent does not, and the reverse.
#[derive(Debug)]
struct Contrary;

impl Sampler for Contrary {
    fn description(&self) -> String {
        "Contrary".to_owned()
    }

    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        let is_sampled = input.parent.is_none_or(|parent| !parent.is_sampled());
        SamplingDecision::new(if is_sampled { Record::RecordAndSample } else { Record::Drop })
    }
}

#[test]
fn a_decision_against_the_parent_is_reported() {
    let quality = LiveQuality::new();
    let provider = TracerProvider::builder()
        .with_exporter(MemoryExporter::new())
        .with_sampler(Contrary)
        .with_live_quality(quality.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer("test");
    tracer.span("root").start().end();
    assert!(quality.report().is_clean());
    for sampled in [true, false] {
        tracer.span("GET /").with_kind(SpanKind::Server).with_remote_parent(&remote(sampled)).start().end();
    }
    let report = quality.take_report();
    let issue = report.of(Issue::SamplingDisagreement).unwrap();
    assert_eq!((issue.count, &*issue.example.name), (2, "GET /"));
    assert_eq!(issue.example.evidence, "not sampled below a remote parent that is");
    assert!(quality.report().is_clean(), "the report was taken");
}
