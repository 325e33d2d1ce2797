//! Head and tail together keep the shares of the requirements' table, and true counts can be read from what is kept.
//!
//! Traces go through `init`, spans, the pipeline and an exporter that counts bytes. `HYBRID_TRACES=1000000 cargo test
//! --release -p tracing-sampling --features tail --test hybrid` runs it with a million traces.
#![cfg(feature = "tail")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing_core_lite::opentelemetry::trace::{SpanKind, Status, TraceState};
use tracing_core_lite::pipeline::view::{RequestView, ValueView};
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_core_lite::sampling::{
    AlwaysOn, ParentBased, Ratio, Record, Sampler, SamplingDecision, SamplingInput,
};
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::{Context, init};
use tracing_sampling::tail::TailSampler;

/// The head of the table: errors endpoint 100 %, payment 50 %, everything else 1 %.
#[derive(Debug)]
struct Head {
    all: AlwaysOn,
    half: Ratio,
    hundredth: Ratio,
    record_only: bool,
}

impl Sampler for Head {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        let mut decision = match input.name {
            "GET /errors" => self.all.sample(input),
            "POST /payment" => self.half.sample(input),
            _ => self.hundredth.sample(input),
        };
        if self.record_only && decision.record == Record::Drop {
            decision.record = Record::RecordOnly;
        }
        decision
    }

    fn description(&self) -> String {
        "Head".into()
    }
}

/// The kinds of traces, the span's name, and how many of 20 traces are of this kind.
const KINDS: [(&str, &str, usize); 6] = [
    ("errors endpoint", "GET /errors", 1),
    ("payment, errors", "POST /payment", 1),
    ("payment, slow", "POST /payment", 1),
    ("payment, normal", "POST /payment", 4),
    ("other, errors", "GET /orders", 2),
    ("other, normal", "GET /orders", 11),
];

#[derive(Debug, Default, Clone, Copy)]
struct Kept {
    traces: u64,
    /// The sum of the adjusted counts, and of their variances.
    estimate: f64,
    variance: f64,
}

#[derive(Clone, Default)]
struct Counter(Arc<Mutex<BTreeMap<String, Kept>>>);

impl Exporter for Counter {
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        let mut kept = self.0.lock().unwrap();
        let each = RequestView::new(batch.request()).each_span(|_, _, span| {
            let Ok(Some(ValueView::Str(kind))) = span.attribute("test.kind") else { panic!("no kind") };
            let head = span.head().unwrap();
            let state: TraceState = head.trace_state().unwrap().parse().unwrap();
            let count = OtTraceState::of(&state).threshold().map_or(1.0, |th| th.adjusted_count());
            let kept = kept.entry(kind.to_owned()).or_default();
            kept.traces += 1;
            kept.estimate += count;
            kept.variance += count * (count - 1.0);
        });
        each.unwrap();
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Returns, for each kind, how many traces there were and what was kept.
fn run(record_only: bool) -> BTreeMap<&'static str, (u64, Kept)> {
    let traces = std::env::var("HYBRID_TRACES").ok().map_or(100_000, |traces| traces.parse().unwrap());
    let counter = Counter::default();
    let mut tail = TailSampler::builder()
        .keep_errors()
        .keep_slower_than(Duration::from_millis(500))
        .keep_endpoint("/errors")
        .keep_rest(0.1);
    if record_only {
        tail = tail.with_record_only_head();
    }
    let tail = tail.build(counter.clone()).unwrap();
    let control = tail.control();
    let head = Head { all: AlwaysOn, half: Ratio::new(0.5), hundredth: Ratio::new(0.01), record_only };
    let limits = BatchLimits::default().with_max_queue_size(100_000).with_max_queue_bytes(256 << 20);
    let init = init().with_sampler(ParentBased::new(head)).with_exporter(tail).with_batch_limits(limits);
    let (provider, _) = init.build(&|_: &str| None).unwrap();
    let tracer = provider.tracer("test");
    let mut seen = BTreeMap::new();
    for number in 0..traces {
        let of_20 = KINDS.iter().flat_map(|kind| std::iter::repeat_n(kind, kind.2));
        let (kind, name, _) = *of_20.clone().nth(number % 20).unwrap();
        *seen.entry(kind).or_insert(0) += 1;
        let root = Context::new();
        let builder = tracer.span(name).with_kind(SpanKind::Server).with_parent(&root);
        let now = std::time::SystemTime::now();
        let took = Duration::from_millis(if kind.ends_with("slow") { 500 } else { 100 });
        let span = builder.with_start_time(Timestamp::from(now - took)).start();
        span.set("test.kind", kind);
        if name == "GET /errors" {
            span.set("http.route", "/errors");
        }
        match (kind.ends_with("errors"), number / 20 % 2) {
            (true, 0) => span.set("http.response.status_code", 500),
            (true, _) => span.set_status(Status::error("declined")),
            _ => span.set("http.response.status_code", 200),
        }
        span.end();
        if number % 20_000 == 0 {
            provider.flush(Duration::from_secs(60)).unwrap();
        }
    }
    provider.shutdown(Duration::from_secs(60)).unwrap();
    let stats = control.stats();
    assert_eq!(stats.received.spans, stats.kept.spans + stats.dropped.spans);
    let kept = counter.0.lock().unwrap();
    seen.into_iter().map(|(kind, seen)| (kind, (seen, kept.get(kind).copied().unwrap_or_default()))).collect()
}

fn assert_shares(record_only: bool, shares: [(&str, f64); 6]) {
    let run = run(record_only);
    for (kind, share) in shares {
        let (seen, kept) = run[kind];
        let expected = seen as f64 * share;
        let deviation = (expected * (1.0 - share)).sqrt();
        assert!(
            (kept.traces as f64 - expected).abs() <= 4.0 * deviation,
            "{kind}: {} of {seen} are kept, not {share}",
            kept.traces
        );
        let error = (kept.estimate - seen as f64).abs();
        let deviation = kept.variance.sqrt().max(f64::EPSILON);
        assert!(error <= 4.0 * deviation + 0.5, "{kind}: estimated {} of {seen}", kept.estimate);
    }
}

#[test]
fn behind_an_ordinary_head_the_tail_judges_what_the_head_recorded() {
    assert_shares(
        false,
        [
            ("errors endpoint", 1.0),
            ("payment, errors", 0.5),
            ("payment, slow", 0.5),
            ("payment, normal", 0.05),
            ("other, errors", 0.01),
            ("other, normal", 0.001),
        ],
    );
}

#[test]
fn behind_a_record_only_head_all_errors_and_slow_requests_are_kept() {
    assert_shares(
        true,
        [
            ("errors endpoint", 1.0),
            ("payment, errors", 1.0),
            ("payment, slow", 1.0),
            ("payment, normal", 0.05),
            ("other, errors", 1.0),
            ("other, normal", 0.001),
        ],
    );
}
