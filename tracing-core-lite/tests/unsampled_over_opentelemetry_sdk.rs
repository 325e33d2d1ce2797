//! Below an unsampled parent, another SDK is asked, nothing is built, and the trace goes on.
#![cfg(feature = "sdk-exporter")]
#![allow(clippy::unwrap_used)]

use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use tracing_core_lite::opentelemetry::baggage::BaggageExt;
use tracing_core_lite::opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use tracing_core_lite::opentelemetry::{Context, KeyValue, global};
use tracing_core_lite::{Span, Tracer, otel};

fn unsampled() -> SpanContext {
    let trace_state = TraceState::from_key_value([("vendor", "x")]).unwrap();
    SpanContext::new(TraceId::from(7_u128), SpanId::from(9_u64), TraceFlags::default(), true, trace_state)
}

fn parent() -> Context {
    Context::new().with_baggage([KeyValue::new("tenant", "acme")]).with_remote_span_context(unsampled())
}

fn start(tracer: &Tracer) -> Span {
    tracer.span("work").with_parent(&parent()).start_with(|span| {
        span.set("shop.tier", "gold");
    })
}

fn install(sampler: Sampler) -> (SdkTracerProvider, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    let builder = SdkTracerProvider::builder().with_sampler(sampler);
    let provider = builder.with_simple_exporter(exporter.clone()).build();
    global::set_tracer_provider(provider.clone());
    (provider, exporter)
}

/// One test, because the process has one global provider.
#[test]
fn the_trace_goes_on_with_any_provider() {
    let by_parent = || Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    for reads in [true, false] {
        otel::set_sampler_reads_attributes(reads);
        let tracer = Tracer::global_named("test");
        let (former, exporter) = install(by_parent());
        for _ in 0..200 {
            let span = start(&tracer);
            assert!(!span.is_recording());
            let (own, parent) = (span.span_context().clone(), unsampled());
            assert_eq!((own.trace_id(), own.trace_state()), (parent.trace_id(), parent.trace_state()));
            assert!(own.span_id() != parent.span_id() && !own.is_sampled() && !own.is_remote());
            let context = span.in_context(&self::parent());
            assert_eq!(context.span().span_context(), &own);
            assert_eq!(context.baggage().get("tenant").map(|value| value.as_str()), Some("acme"));
        }
        assert!(exporter.get_finished_spans().unwrap().is_empty());

        // A provider that has been shut down while it is still in use.
        former.shutdown().unwrap();
        let (_provider, exporter) = install(Sampler::AlwaysOn);
        for _ in 0..200 {
            let span = start(&tracer);
            assert_eq!(span.span_context().trace_id(), unsampled().trace_id());
        }
        let recorded = exporter.get_finished_spans().unwrap();
        // All of them, or all but those of the time in which a tracer is kept.
        assert!(recorded.len() >= if reads { 200 } else { 200 - 64 }, "{} {reads}", recorded.len());
        assert!(recorded.iter().all(|span| span.attributes == [KeyValue::new("shop.tier", "gold")]));
        assert!(recorded.iter().all(|span| span.parent_span_id == unsampled().span_id()));

        // A provider that is replaced while it is in use.
        let (_provider, exporter) = install(by_parent());
        for _ in 0..65 {
            drop(start(&tracer));
        }
        exporter.reset();
        assert!(!start(&tracer).is_recording(), "the new provider decides");
    }
    otel::set_sampler_reads_attributes(true);
}
