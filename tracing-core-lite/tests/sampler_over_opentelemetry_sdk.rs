//! The sampler of another OpenTelemetry SDK sees the attributes that the conventions list for it; the others are built for
//! recorded spans only.
#![cfg(feature = "sdk-exporter")]
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use opentelemetry_sdk::trace::{
    InMemorySpanExporter, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
};
use tracing_core_lite::opentelemetry::trace::{Link, SpanKind, Status, TraceId, TraceState};
use tracing_core_lite::opentelemetry::{Context, KeyValue, global};
use tracing_core_lite::{Tracer, otel};

/// Samples all spans except those called `drop`, and remembers what it was given.
#[derive(Debug, Clone, Default)]
struct Remembers(Arc<Mutex<Vec<Vec<KeyValue>>>>);

impl ShouldSample for Remembers {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        self.0.lock().unwrap().push(attributes.to_vec());
        let decision =
            if name == "drop" { SamplingDecision::Drop } else { SamplingDecision::RecordAndSample };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::NONE }
    }
}

fn start(tracer: &Tracer, name: &str, runs: &mut u32) {
    let span = tracer.span(name).with_parent(&Context::new()).start_with(|span| {
        *runs += 1;
        span.set("http.request.method", "GET")
            .set("network.protocol.version", "1.1")
            .set("shop.tier", "gold")
            .set("http.request.header.x-tenant", "acme")
            .set("error.type", "first")
            .set("error.type", "second")
            .set("shop.tier", "silver")
            .set("url.path", "/orders/7")
            .set("network.peer.port", 8080)
            .set("", "ignored")
            .set_status(Status::error("it failed"));
    });
    assert_eq!(span.is_recording(), name != "drop");
    span.record(|span| {
        span.set("http.response.status_code", 200).set("http.route", "/orders/{id}");
    });
    span.end();
}

fn texts(attributes: &[KeyValue]) -> Vec<String> {
    let mut texts: Vec<String> =
        attributes.iter().map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect();
    texts.sort();
    texts
}

#[test]
fn a_sampler_sees_its_attributes_unless_it_reads_none() {
    let (sampler, exporter) = (Remembers::default(), InMemorySpanExporter::default());
    let provider = SdkTracerProvider::builder()
        .with_sampler(sampler.clone())
        .with_simple_exporter(exporter.clone())
        .build();
    global::set_tracer_provider(provider);
    let tracer = Tracer::global_named("test");
    let for_sampler = [
        "http.request.header.x-tenant=acme",
        "http.request.method=GET",
        "shop.tier=silver",
        "url.path=/orders/7",
    ];
    let others = [
        "error.type=second",
        "http.response.status_code=200",
        "http.route=/orders/{id}",
        "network.peer.port=8080",
        "network.protocol.version=1.1",
    ];
    let mut all: Vec<&str> = for_sampler.iter().chain(&others).copied().collect();
    all.sort_unstable();
    for (reads, expected, dropped_runs) in [(true, &for_sampler[..], 1), (false, &[], 0)] {
        otel::set_sampler_reads_attributes(reads);
        let (mut runs, mut runs_of_dropped) = (0, 0);
        start(&tracer, "keep", &mut runs);
        start(&tracer, "drop", &mut runs_of_dropped);
        assert_eq!((runs, runs_of_dropped), (1, dropped_runs), "sampler reads: {reads}");
        for seen in std::mem::take(&mut *sampler.0.lock().unwrap()) {
            assert_eq!(texts(&seen), expected, "sampler reads: {reads}");
        }
        let finished = exporter.get_finished_spans().unwrap();
        assert_eq!(finished.len(), 1);
        assert_eq!(texts(&finished[0].attributes), all, "sampler reads: {reads}");
        assert_eq!(finished[0].status, Status::error("it failed"));
        exporter.reset();
    }
    otel::set_sampler_reads_attributes(true);
}
