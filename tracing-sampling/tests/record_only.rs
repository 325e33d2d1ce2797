//! A record-only head does not change the decision of called services, and exports nothing without a tail sampler.

use std::time::Duration;

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::opentelemetry::Context;
use tracing_core_lite::opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::sampling::{AlwaysOff, ParentBased, Ratio, Sampler};
use tracing_core_lite::testing::seed_ids;
use tracing_core_lite::{SpanKind, TracerProvider};
use tracing_sampling::head::{AlwaysRecord, AnyOf, RateLimiting, Rules};

fn start(sampler: impl Sampler) -> (TracerProvider, MemoryExporter) {
    let exporter = MemoryExporter::new();
    let init =
        tracing_core_lite::init().with_sampler(AlwaysRecord::new(sampler)).with_exporter(exporter.clone());
    let (provider, _) = init.build(&|_: &str| None).expect("the export thread starts");
    (provider, exporter)
}

fn exported(provider: &TracerProvider, exporter: &MemoryExporter) -> usize {
    provider.flush(Duration::from_secs(10)).expect("exported");
    exporter.take().len()
}

#[test]
fn nothing_is_exported_without_a_tail() {
    let (provider, exporter) = start(ParentBased::new(AlwaysOff));
    let tracer = provider.tracer("test");
    for remote_parent in [false, true] {
        let parent = SpanContext::new(
            TraceId::from(7),
            SpanId::from(7),
            TraceFlags::NOT_SAMPLED,
            true,
            TraceState::NONE,
        );
        let none = Context::new();
        let root = tracer.span("request").with_kind(SpanKind::Server).with_parent(&none);
        let root = if remote_parent { root.with_remote_parent(&parent).start() } else { root.start() };
        let child = tracer.span("query").with_parent(&root.in_context(&Context::new())).start();
        assert!(root.is_recording() && child.is_recording(), "both are there for a tail");
        assert!(!root.span_context().is_sampled() && !child.span_context().is_sampled());
        let mut headers: Vec<(String, String)> = Vec::new();
        Propagator::default().inject(&child.in_context(&Context::new()), &mut headers);
        let traceparent = &headers.iter().find(|(name, _)| name == "traceparent").expect("sent on").1;
        assert!(traceparent.ends_with("-00"), "called services do not record: {traceparent}");
        assert!(child.in_context(&Context::new()).span().span_context().is_valid());
        child.end();
        root.end();
    }
    assert_eq!(exported(&provider, &exporter), 0);
}

#[test]
fn what_the_head_samples_is_exported() {
    let (provider, exporter) = start(ParentBased::new(Ratio::new(0.5)));
    seed_ids(1);
    let mut sampled = 0;
    for _ in 0..1000 {
        let span = provider.tracer("test").span("request").with_parent(&Context::new()).start();
        sampled += usize::from(span.span_context().is_sampled());
        span.end();
    }
    assert!((400..600).contains(&sampled), "{sampled}");
    assert_eq!(exported(&provider, &exporter), sampled);
}

#[test]
fn every_other_sampler_decides_about_roots() {
    // The children of a dropped root are dropped, of a sampled one sampled.
    let samplers: [fn(f64) -> Box<dyn Sampler>; 3] = [
        |rate| Box::new(ParentBased::new(Rules::builder().with_default(rate).build().expect("valid"))),
        |rate| Box::new(ParentBased::new(AnyOf::new().with(Ratio::new(rate)))),
        |rate| Box::new(ParentBased::new(RateLimiting::new(rate * 1e6))),
    ];
    for make in samplers {
        for (rate, expected) in [(0.0, 0), (1.0, 2)] {
            let exporter = MemoryExporter::new();
            let provider = TracerProvider::builder().with_sampler(make(rate)).with_exporter(exporter.clone());
            let provider = provider.build().expect("the export thread starts");
            let root = provider.tracer("test").span("request").with_parent(&Context::new()).start();
            provider
                .tracer("test")
                .span("query")
                .with_parent(&root.in_context(&Context::new()))
                .start()
                .end();
            root.end();
            assert_eq!(exported(&provider, &exporter), expected, "{rate}");
        }
    }
}
