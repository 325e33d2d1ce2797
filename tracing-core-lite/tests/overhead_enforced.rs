//! A budget that is enforced reduces spans, and keeps what matters.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::overhead::{BudgetSteps, OverheadBudget};
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_core_lite::span::data::{FinishedSpan, SpanData};
use tracing_core_lite::{Context, SpanContext, SpanKind, Tracer, TracerProvider};

/// An exporter whose policy reads an attribute.
struct ReadsTier(MemoryExporter);

impl Exporter for ReadsTier {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.0.export(batch, deadline)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn attributes_read(&self) -> Vec<String> {
        vec!["shop.tier".to_owned()]
    }
}

/// What a request sends on.
struct Sent {
    trace_id: TraceId,
    is_sampled: bool,
    is_valid: bool,
}

/// Handles a request: a server span, a step below it, and a call below the step.
fn request(tracer: &Tracer, caller: Option<&SpanContext>, fails: bool) -> Sent {
    let base = match caller {
        Some(caller) => Context::new().with_remote_span_context(caller.clone()),
        None => Context::new(),
    };
    let server =
        tracer.span("GET /orders").with_kind(SpanKind::Server).with_parent(&base).start_with(|span| {
            span.set("http.request.method", "GET").set("shop.tier", "gold").set("shop.basket", "A-7, B-8");
        });
    let context = server.in_context(&base);
    let step = tracer.span("step").with_parent(&context).start();
    let context = step.in_context(&context);
    let call = tracer.span("GET").with_kind(SpanKind::Client).with_parent(&context).start();
    let sent = call.span_context();
    let sent = Sent { trace_id: sent.trace_id(), is_sampled: sent.is_sampled(), is_valid: sent.is_valid() };
    drop((call, step));
    if fails {
        server.record_error(&io::Error::other("no paper"));
    }
    server.set("http.response.status_code", if fails { 500 } else { 200 });
    server.end();
    sent
}

const LOWEST: f64 = 0.2;

/// A provider whose budget is always exceeded.
fn provider(exporter: &MemoryExporter) -> TracerProvider {
    let budget = OverheadBudget::unlimited()
        .with_cpu(1e-9)
        .with_window(Duration::from_millis(500))
        .with_lowest_sampling(LOWEST)
        .enforce(true);
    let exporter = ReadsTier(exporter.clone());
    TracerProvider::builder().with_overhead_budget(budget).with_exporter(exporter).build().unwrap()
}

/// Handles requests until the steps are as expected.
fn handle_until(provider: &TracerProvider, expected: impl Fn(BudgetSteps) -> bool) {
    let tracer = provider.tracer("shop");
    let deadline = Instant::now() + Duration::from_secs(120);
    while !expected(provider.overhead().steps) {
        (0..1000).for_each(|_| {
            request(&tracer, None, false);
        });
        assert!(Instant::now() < deadline, "{}", provider.overhead());
    }
    provider.flush(Duration::from_secs(60)).unwrap();
}

fn all_taken(steps: BudgetSteps) -> bool {
    steps.attributes_reduced && steps.sampling <= LOWEST && steps.switched_off
}

fn adjusted_count(span: &SpanData) -> f64 {
    let trace_state: TraceState = span.trace_state.parse().unwrap();
    OtTraceState::of(&trace_state).adjusted_count()
}

fn servers(spans: &[FinishedSpan]) -> Vec<&SpanData> {
    spans.iter().map(|it| &it.span).filter(|span| span.kind == SpanKind::Server).collect()
}

/// Handles `count` requests, of which every tenth fails, while all steps are in force. Returns what they sent and the spans.
fn handled(count: usize, caller: impl Fn(usize) -> Option<SpanContext>) -> (Vec<Sent>, Vec<FinishedSpan>) {
    let exporter = MemoryExporter::new();
    let provider = provider(&exporter);
    loop {
        handle_until(&provider, all_taken);
        let before = exporter.finished().len();
        let tracer = provider.tracer("shop");
        let sent = (0..count).map(|it| request(&tracer, caller(it).as_ref(), it % 10 == 0)).collect();
        provider.flush(Duration::from_secs(60)).unwrap();
        // A process that gets no CPU for some time has its steps reverted.
        if all_taken(provider.overhead().steps) {
            return (sent, exporter.finished().split_off(before));
        }
    }
}

#[test]
fn failed_requests_are_exported_and_counts_stay_right() {
    const COUNT: usize = 5000;
    let (sent, spans) = handled(COUNT, |_| None);
    let servers = servers(&spans);
    let (failed, others): (Vec<&SpanData>, Vec<&SpanData>) =
        servers.iter().copied().partition(|span| span.is_error());
    assert_eq!(failed.len(), COUNT / 10, "each failed request");
    assert!(failed.iter().all(|span| adjusted_count(span) == 1.0));
    let sampled = others.len() as f64;
    let expected = (COUNT - COUNT / 10) as f64;
    assert!((sampled - expected * LOWEST).abs() < expected * LOWEST * 0.25, "{sampled} of {expected}");
    let counted: f64 = others.iter().map(|span| adjusted_count(span)).sum();
    assert!((counted - expected).abs() < expected * 0.25, "{counted} of {expected}");

    let mut per_trace = BTreeMap::<_, usize>::new();
    servers.iter().for_each(|span| *per_trace.entry(span.trace_id.to_bytes()).or_default() += 1);
    assert!(per_trace.values().all(|count| *count == 1), "one server span for each request");
    assert!(sent.iter().all(|sent| sent.is_valid), "contexts are propagated");
    let sampled: usize = sent.iter().filter(|sent| sent.is_sampled).count();
    let is_sampled = |span: &&SpanData| span.flags & 1 == 1;
    let exported_as_sampled = servers.iter().copied().filter(is_sampled);
    assert_eq!(exported_as_sampled.count(), sampled, "what is sent says which servers are sampled");
}

#[test]
fn only_internal_spans_are_switched_off_and_attributes_that_matter_stay() {
    let (_, spans) = handled(500, |_| None);
    let servers = servers(&spans);
    let ids: Vec<_> = servers.iter().map(|span| span.span_id).collect();
    let kinds = |kind| spans.iter().map(|it| &it.span).filter(move |span| span.kind == kind);
    assert_eq!(kinds(SpanKind::Internal).count(), 0);
    assert!(kinds(SpanKind::Client).count() > 0);
    for call in kinds(SpanKind::Client) {
        assert!(ids.contains(&call.parent_span_id), "the parent is the span above the one that is off");
    }
    for server in servers {
        for key in ["http.request.method", "http.response.status_code", "shop.tier"] {
            assert!(server.attribute(key).is_some(), "{key} in {server:?}");
        }
        assert_eq!(server.attribute("error.type").is_some(), server.is_error());
        assert!(server.attribute("shop.basket").is_none());
        assert_eq!(server.dropped_attributes_count, 1);
    }
}

#[test]
fn requests_of_a_sampled_caller_are_sampled_consistently() {
    let caller = |number: usize| {
        let state: TraceState = "ot=th:8".parse().unwrap();
        // Random enough, and at least the threshold.
        let id = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let trace_id = TraceId::from(id | 1 << 55);
        Some(SpanContext::new(trace_id, SpanId::from(7), TraceFlags::SAMPLED, true, state))
    };
    let (sent, spans) = handled(2000, caller);
    let servers = servers(&spans);
    for server in &servers {
        let count = adjusted_count(server);
        // The caller has sampled every second trace.
        if server.is_error() {
            assert!((count - 2.0).abs() < 0.01, "{count}");
        } else {
            assert!((count - 2.0 / LOWEST).abs() < 0.01, "{count}");
        }
    }
    let ids: Vec<_> = (0..2000).map(|number| caller(number).unwrap().trace_id()).collect();
    assert!(sent.iter().zip(&ids).all(|(sent, id)| sent.trace_id == *id), "the trace goes on");
    assert_eq!(servers.iter().filter(|span| span.is_error()).count(), 200);
}

#[test]
fn without_enforcement_nothing_is_changed() {
    let exporter = MemoryExporter::new();
    let budget = OverheadBudget::unlimited().with_cpu(1e-9).with_window(Duration::from_millis(500));
    let builder = TracerProvider::builder().with_overhead_budget(budget).with_exporter(exporter.clone());
    let provider = builder.build().unwrap();
    let tracer = provider.tracer("shop");
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut requests = 0;
    while !provider.overhead().is_exceeded {
        (0..1000).for_each(|_| {
            request(&tracer, None, false);
        });
        requests += 1000;
        assert!(Instant::now() < deadline, "{}", provider.overhead());
        provider.flush(Duration::from_secs(60)).unwrap();
    }
    assert_eq!(exporter.finished().len(), requests * 3);
    assert!(exporter.finished().iter().all(|it| it.span.dropped_attributes_count == 0));
}
