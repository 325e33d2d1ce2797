//! What reading and writing the headers of each format costs, beside opentelemetry_sdk's propagator in the same run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing_core_lite::Context;
use tracing_core_lite::opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use tracing_core_lite::opentelemetry::trace::TraceContextExt;
use tracing_core_lite::propagation::{Propagator, format_traceparent, parse_traceparent};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The carriers that opentelemetry-http has.
struct Headers(HeaderMap);

impl Extractor for Headers {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

impl Injector for Headers {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(key.as_bytes()), HeaderValue::from_str(&value))
        {
            self.0.insert(name, value);
        }
    }
}

/// As many headers as a browser's request has.
fn request() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in
        ["host", "accept", "accept-encoding", "accept-language", "user-agent", "cache-control", "cookie"]
    {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static("some value or other"));
    }
    headers.insert("traceparent", HeaderValue::from_static(TRACEPARENT));
    headers
}

fn propagation(c: &mut Criterion) {
    let mut group = c.benchmark_group("traceparent");
    group.bench_function("parse", |b| b.iter(|| parse_traceparent(black_box(TRACEPARENT.as_bytes()))));
    let ours = Propagator::default();
    let theirs = TraceContextPropagator::new();
    let headers = request();
    let carrier = Headers(request());
    group.bench_function("extract from headers, ours with baggage", |b| {
        b.iter(|| ours.extract(black_box(&headers)))
    });
    group.bench_function("extract from headers, opentelemetry_sdk", |b| {
        b.iter(|| theirs.extract_with_context(&Context::new(), black_box(&carrier)));
    });

    let context = ours.extract(&headers).into_context();
    let span_context = context.span().span_context().clone();
    group.bench_function("format", |b| b.iter(|| format_traceparent(black_box(&span_context))));
    let mut outgoing = request();
    group.bench_function("inject into headers, ours with baggage", |b| {
        b.iter(|| ours.inject(black_box(&context), &mut outgoing));
    });
    let mut outgoing = Headers(request());
    group.bench_function("inject into headers, opentelemetry_sdk", |b| {
        b.iter(|| theirs.inject_context(black_box(&context), &mut outgoing));
    });
    group.finish();
}

/// The names of all formats that carry ids.
const FORMATS: [&str; 7] = ["tracecontext", "b3", "b3multi", "jaeger", "xray", "ottrace", "datadog"];

/// Reads each format alone, and each by a propagator of all formats.
fn formats(c: &mut Criterion) {
    let mut group = c.benchmark_group("formats");
    let all = Propagator::from_names("tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog");
    let all = all.expect("known names");
    let mut bare = request();
    bare.remove("traceparent");
    let context = Propagator::default().extract(&request()).into_context();
    for name in FORMATS {
        let propagator = Propagator::from_names(name).expect("a known name");
        let mut headers = bare.clone();
        propagator.inject(&context, &mut headers);
        group.bench_function(format!("extract {name}"), |b| {
            b.iter(|| propagator.extract(black_box(&headers)))
        });
        group.bench_function(format!("extract {name} by all"), |b| {
            b.iter(|| all.extract(black_box(&headers)))
        });
    }
    group.bench_function("extract nothing by all", |b| b.iter(|| all.extract(black_box(&bare))));
    group.finish();
}

criterion_group!(benches, propagation, formats);
criterion_main!(benches);
