//! Spans per CPU second and memory of the tail sampler, on the workloads of `benches/collector-tail`.
//!
//! `cargo bench -p tracing-sampling --features tail --bench tail -- TRACES`. The CPU time of all threads counts, from received
//! bytes to kept bytes in an exporter that counts. Memory is the peak resident size less that before, when the encoded spans
//! are in memory already.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tracing_core_lite::pipeline::view::StatusCode;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_sampling::tail::{CollectorVersion, Mode, Policy, TailSampler, TailSettings, Unit};

const SPANS_PER_TRACE: u64 = 20;

#[derive(Clone, Default)]
struct Count(Arc<AtomicU64>);

impl Exporter for Count {
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        self.0.fetch_add(batch.span_count() as u64, Ordering::Relaxed);
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value.into())) });
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

fn int(key: &str, value: i64) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::IntValue(value)) });
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

fn attributes() -> Vec<KeyValue> {
    vec![
        text("http.request.method", "GET"),
        text("http.route", "/api/orders/{id}"),
        text("url.scheme", "http"),
        text("url.path", "/api/orders/12345"),
        text("server.address", "orders"),
        int("server.port", 8080),
        int("http.response.status_code", 200),
        text("network.protocol.version", "1.1"),
    ]
}

/// The spans of a trace, the root first.
fn trace(random: &mut impl FnMut() -> u64, slow: bool) -> Vec<Span> {
    let id = (u128::from(random()) << 64 | u128::from(random())).to_be_bytes().to_vec();
    let root = random().to_be_bytes().to_vec();
    (0..SPANS_PER_TRACE)
        .map(|index| {
            let start = 1_700_000_000_000_000_000;
            let most = if slow && index == 0 { 900 } else { 300 };
            let millis = if slow && index == 0 { 600 } else { random() % most };
            let failed = index == 0 && random().is_multiple_of(100);
            Span {
                trace_id: id.clone(),
                span_id: if index == 0 { root.clone() } else { random().to_be_bytes().to_vec() },
                parent_span_id: if index == 0 { Vec::new() } else { root.clone() },
                name: "GET /api/orders/{id}".into(),
                kind: 2,
                start_time_unix_nano: start,
                end_time_unix_nano: start + millis * 1_000_000,
                attributes: attributes(),
                status: failed.then(|| Status { code: 2, message: String::new() }),
                flags: 0x101,
                ..Span::default()
            }
        })
        .collect()
}

fn encode(spans: Vec<Span>) -> Batch {
    let count = spans.len();
    let resource = Some(Resource { attributes: vec![text("service.name", "shop")], ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
    Batch::new(ExportTraceServiceRequest { resource_spans }.encode_to_vec().into(), count)
}

fn generator() -> impl FnMut() -> u64 {
    let mut state = 7_u64;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

/// Ten whole traces in each batch.
fn whole_traces(traces: u64) -> Vec<Batch> {
    let mut random = generator();
    (0..traces / 10).map(|_| encode((0..10).flat_map(|_| trace(&mut random, false)).collect())).collect()
}

/// Each trace in 5 batches, the children first, interleaved with 1,000 other traces; 1 % are slow.
fn pieces(traces: u64) -> Vec<Batch> {
    let mut random = generator();
    let mut batches = Vec::new();
    for _ in 0..traces / 1_000 {
        let mut group: Vec<Vec<Span>> = (0..1_000).map(|n| trace(&mut random, n % 100 == 0)).collect();
        group.iter_mut().for_each(|spans| spans.reverse());
        for piece in 0..5 {
            for ten in group.chunks(50) {
                batches
                    .push(encode(ten.iter().flat_map(|it| it[piece * 4..piece * 4 + 4].to_vec()).collect()));
            }
        }
    }
    batches
}

fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// The CPU time of the process, of all threads that it has or had. The kernel counts in hundredths of a second.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn measure(name: &str, batches: &[Batch], settings: TailSettings) {
    let spans: u64 = batches.iter().map(|it| it.span_count() as u64).sum();
    let bytes: u64 = batches.iter().map(|it| it.request_len() as u64).sum();
    let counted = Count::default();
    let before = status("VmRSS");
    // Peak sizes are counted from here.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let mut tail = TailSampler::new(settings, counted.clone()).unwrap();
    let control = tail.control();
    let (start, wall) = (cpu(), Instant::now());
    let deadline = Instant::now() + Duration::from_secs(600);
    for batch in batches {
        tail.export(batch, deadline).unwrap();
    }
    while control.stats().received.spans < spans {
        std::thread::sleep(Duration::from_millis(1));
    }
    let held = control.stats().pending_bytes;
    // The threads still exist here, so that their time counts.
    tail.flush(deadline).unwrap();
    while control.stats().pending.spans > 0 {
        std::thread::sleep(Duration::from_millis(1));
        tail.flush(deadline).unwrap();
    }
    let used = cpu() - start;
    let wall = wall.elapsed();
    tail.shutdown(deadline).unwrap();
    let peak = status("VmHWM").saturating_sub(before) * 1024;
    println!(
        "{name}: {spans} spans, {} MB encoded; {:.0} spans per CPU second (wall {wall:.1?}); kept {}; memory {:.2} of the \
         encoded bytes (counted {:.2}); resident after {} kB",
        bytes >> 20,
        spans as f64 / used.as_secs_f64(),
        counted.0.load(Ordering::Relaxed),
        peak as f64 / bytes as f64,
        held as f64 / bytes as f64,
        status("VmRSS").saturating_sub(before),
    );
}

fn policies(fourth: bool) -> Vec<Policy> {
    let mut policies = vec![
        Policy::status_code("errors", [StatusCode::Error]),
        Policy::latency("slow", Duration::from_millis(500)),
        Policy::probabilistic("rest", 1.0),
    ];
    if fourth {
        policies.push(Policy::numeric_attribute("http errors", "http.response.status_code", 500..=599));
    }
    policies
}

fn main() {
    let traces = std::env::args().skip(1).find_map(|it| it.parse().ok()).unwrap_or(50_000);
    // Nothing is decided before all is buffered, so that memory holds everything.
    let settings = |fourth| {
        TailSettings::default()
            .with_policies(policies(fourth))
            .with_max_bytes(usize::MAX / 2)
            .with_decision_wait(Duration::from_secs(3_600))
            .with_decision_wait_after_root_received(Some(Duration::from_secs(3_600)))
    };
    type Workload = fn(u64) -> Vec<Batch>;
    let workloads: [(&str, Workload, bool); 2] =
        [("whole traces", whole_traces, false), ("traces in 5 pieces", pieces, true)];
    for (name, workload, fourth) in workloads {
        let batches = workload(traces);
        for (unit, unit_name) in [(Unit::Trace, "trace"), (Unit::LocalRoot, "local root")] {
            measure(&format!("{name}, unit {unit_name}"), &batches, settings(fourth).with_unit(unit));
        }
        let collector =
            settings(fourth).with_unit(Unit::Trace).with_mode(Mode::Collector(CollectorVersion::V0_161));
        measure(&format!("{name}, collector mode"), &batches, collector);
    }
}
