//! What a span costs the thread that records it, and the export thread before the socket.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};
use tracing_core_lite::pipeline::BatchLimits;
use tracing_core_lite::{Context, Recorder, SpanContext, SpanKind, TracerProvider};

fn eight_attributes(span: &mut Recorder<'_>) {
    span.set("http.request.method", "GET")
        .set("url.scheme", "http")
        .set("url.path", "/orders/7")
        .set("http.route", "/orders/{id}")
        .set("server.address", "shop.example")
        .set("server.port", 8080)
        .set("network.protocol.version", "1.1")
        .set("http.response.status_code", 200);
}

fn remote(sampled: bool) -> SpanContext {
    let flags = TraceFlags::default().with_sampled(sampled);
    SpanContext::new(TraceId::from(7_u128), SpanId::from(7_u64), flags, true, TraceState::NONE)
}

fn spans(c: &mut Criterion) {
    let provider = TracerProvider::builder().build().expect("an export thread");
    let tracer = provider.tracer("bench");
    let root = Context::new();
    let mut group = c.benchmark_group("span");
    for (name, parent) in [("sampled", remote(true)), ("unsampled", remote(false))] {
        group.bench_function(format!("8 attributes, {name}"), |b| {
            b.iter(|| {
                let builder = tracer.span("GET /orders/{id}").with_kind(SpanKind::Server).with_parent(&root);
                black_box(builder.with_remote_parent(&parent).start_with(eight_attributes)).end();
            });
        });
        group.bench_function(format!("8 attributes and a context, {name}"), |b| {
            b.iter(|| {
                let builder = tracer.span("GET /orders/{id}").with_kind(SpanKind::Server).with_parent(&root);
                let span = builder.with_remote_parent(&parent).start_with(eight_attributes);
                let guard = span.in_context(&root).attach();
                black_box(&span);
                drop(guard);
                span.end();
            });
        });
    }
    group.bench_function("no attribute, sampled", |b| {
        b.iter(|| black_box(tracer.span("work").with_parent(&root).start()).end());
    });
    group.finish();
}

/// Spans are recorded outside of the time that is measured: what is left is the export thread's way from the threads'
/// chunks to a request that is ready for the socket.
fn framing(c: &mut Criterion) {
    const SPANS: usize = 10_000;
    let limits = BatchLimits::default().with_max_export_batch_size(SPANS * 2);
    let provider = TracerProvider::builder().with_batch_limits(limits).build().expect("an export thread");
    let tracer = provider.tracer("bench");
    let root = Context::new();
    let mut group = c.benchmark_group("export");
    group.throughput(Throughput::Elements(SPANS as u64)).sample_size(20);
    group.bench_function("collect and frame 10,000 spans of 8 attributes", |b| {
        b.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                for _ in 0..SPANS {
                    tracer.span("GET /orders/{id}").with_parent(&root).start_with(eight_attributes).end();
                }
                let start = Instant::now();
                provider.flush(Duration::from_secs(10)).expect("nothing stands in the way");
                total += start.elapsed();
            }
            total
        });
    });
    group.finish();
}

criterion_group!(benches, spans, framing);
criterion_main!(benches);
