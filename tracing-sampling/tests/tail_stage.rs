//! The stage with its threads: shards, flush, shutdown, a reload, and an exporter that fails.
#![cfg(feature = "tail")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::view::StatusCode;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, Status, TracerProvider};
use tracing_sampling::tail::{Amount, Policy, TailControl, TailSampler, TailSettings, Unit};

const SOON: Duration = Duration::from_secs(20);

fn deadline() -> Instant {
    Instant::now() + SOON
}

fn wait_for(control: &TailControl, received: u64) {
    let end = deadline();
    while control.stats().received.spans < received {
        assert!(Instant::now() < end, "{:?}", control.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn errors() -> TailSettings {
    TailSettings::default().with_policies(vec![Policy::status_code("errors", [StatusCode::Error])])
}

/// Two spans of each trace in two batches; every third trace fails in the second.
fn batches(traces: u128) -> Vec<Batch> {
    let id = |trace: u128| trace.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let root = |trace: u128| support::span(id(trace), 1, None);
    let failed = |trace: u128| if trace.is_multiple_of(3) { support::error() } else { None };
    let child = |trace: u128| Span { status: failed(trace), ..support::span(id(trace), 2, Some(1)) };
    let mut batches = Vec::new();
    for from in (1..=traces).step_by(100) {
        let range = || from..(from + 100).min(traces + 1);
        batches.push(support::batch(range().map(root).collect()));
        batches.push(support::batch(range().map(child).collect()));
    }
    batches
}

#[test]
fn shards_keep_traces_whole_and_counts_add_up() {
    let memory = MemoryExporter::new();
    let settings = errors().with_shards(3).with_unit(Unit::Trace);
    let mut tail = TailSampler::new(settings, memory.clone()).unwrap();
    let control = tail.control();
    for batch in batches(3_000) {
        tail.export(&batch, deadline()).unwrap();
        let stats = control.stats();
        assert_eq!(stats.received.spans, stats.kept.spans + stats.dropped.spans + stats.pending.spans);
    }
    tail.shutdown(deadline()).unwrap();
    let mut spans: BTreeMap<_, usize> = BTreeMap::new();
    for it in memory.take() {
        *spans.entry(it.span.trace_id.to_bytes()).or_default() += 1;
    }
    assert_eq!(spans.len(), 1_000);
    assert!(spans.values().all(|count| *count == 2));
    let stats = control.stats();
    assert_eq!((stats.received.spans, stats.kept.traces, stats.pending), (6_000, 1_000, Amount::default()));
    assert_eq!((stats.exported_spans, stats.failed_spans), (2_000, 0));
}

#[test]
fn a_flush_decides_units_whose_root_has_ended_and_leaves_the_rest() {
    let memory = MemoryExporter::new();
    let tail = TailSampler::new(errors(), memory.clone()).unwrap();
    let control = tail.control();
    let provider = TracerProvider::builder().with_exporter(tail).build().unwrap();
    let tracer = provider.tracer("test");
    let open = tracer.span("open").with_parent(&Context::new()).start();
    tracer.span("child").with_parent(&open.in_context(&Context::new())).start().end();
    let failed = tracer.span("failed").with_parent(&Context::new()).start();
    failed.set_status(Status::error("declined"));
    failed.end();
    provider.flush(SOON).unwrap();
    let names: Vec<_> = memory.finished().into_iter().map(|it| it.span.name).collect();
    assert_eq!(names, ["failed"]);
    assert_eq!(control.stats().pending, {
        let mut one = Amount::default();
        (one.spans, one.traces) = (1, 1);
        one
    });
    assert_eq!(provider.stats().undecided, 1, "the flush reports it");
    open.set_status(Status::error("late"));
    open.end();
    provider.shutdown(SOON).unwrap();
    assert_eq!(memory.finished().len(), 3, "the root's error keeps its child");
    assert_eq!(provider.stats().undecided, 0, "the shutdown decides");
    assert_eq!(provider.stats().exported, 3, "what was dropped by decision is not lost");
}

#[test]
fn a_reload_keeps_pending_traces_and_judges_them_anew() {
    let memory = MemoryExporter::new();
    let wait = |settings: TailSettings| settings.with_decision_wait(Duration::from_secs(3_600));
    let mut tail = TailSampler::new(wait(errors()), memory.clone()).unwrap();
    let control = tail.control();
    let gold = Span {
        attributes: vec![support::text("user.tier", "gold")],
        ..support::span(7 << 64 | 1, 1, Some(9))
    };
    tail.export(&support::request(vec![support::text("region", "eu")], vec![gold]), deadline()).unwrap();
    wait_for(&control, 1);
    let invalid = TailSettings::default().with_policies(vec![Policy::always_sample("")]);
    assert!(control.reload(invalid).is_err());
    assert_eq!(control.settings().policies[0].name, "errors");
    let both = Policy::and(
        "gold in the eu",
        [
            Policy::string_attribute("gold", "user.tier", ["gold"]),
            Policy::string_attribute("eu", "region", ["eu"]),
        ],
    );
    control.reload(wait(TailSettings::default().with_policies(vec![both]))).unwrap();
    tail.shutdown(deadline()).unwrap();
    assert_eq!(memory.finished()[0].span.text("tracing_suite.sampling.policy"), Some("gold in the eu"));
}

/// An exporter that fails for good.
struct Refuses;

impl Exporter for Refuses {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        Err(ExportError::Permanent { reason: "unauthorized".into() })
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[test]
fn kept_spans_that_cannot_be_exported_are_counted() {
    let mut tail = TailSampler::new(errors(), Refuses).unwrap();
    let control = tail.control();
    let failed = Span { status: support::error(), ..support::span(7 << 64 | 1, 1, None) };
    tail.export(&support::batch(vec![failed]), deadline()).unwrap();
    tail.shutdown(deadline()).unwrap();
    assert_eq!((control.stats().kept.spans, control.stats().failed_spans), (1, 1));
}

#[test]
fn with_block_on_overflow_spans_wait_and_the_stage_refuses_instead_of_deciding_early() {
    let memory = MemoryExporter::new();
    let batches = batches(3_000);
    let largest = batches.iter().map(Batch::request_len).max().unwrap();
    let settings = errors()
        .with_unit(Unit::Trace)
        .with_num_traces(100)
        .with_block_on_overflow(true)
        .with_max_queue_bytes(3 * largest)
        .with_decision_wait(Duration::from_millis(20));
    let mut tail = TailSampler::new(settings, memory.clone()).unwrap();
    let control = tail.control();
    let mut refused = 0;
    for batch in &batches {
        let end = deadline();
        while control.accept(batch).is_err() {
            refused += 1;
            assert!(Instant::now() < end, "the stage accepts spans when traces have been decided");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(control.stats().pending.traces <= 200, "{:?}", control.stats());
    }
    assert!(refused > 0, "the stage was never full");
    tail.shutdown(deadline()).unwrap();
    let stats = control.stats();
    assert_eq!((stats.received.spans, stats.evicted_traces, stats.pending), (6_000, 0, Amount::default()));
    assert_eq!(stats.kept.spans + stats.dropped.spans, 6_000);
}

#[test]
fn a_shutdown_decides_pending_traces_or_drops_them_if_the_settings_say_so() {
    for (drops, kept) in [(false, 1), (true, 0)] {
        let memory = MemoryExporter::new();
        let settings = errors().with_drop_pending_traces_on_shutdown(drops);
        let mut tail = TailSampler::new(settings, memory.clone()).unwrap();
        let control = tail.control();
        let failed = Span { status: support::error(), ..support::span(7 << 64 | 1, 1, Some(9)) };
        tail.export(&support::batch(vec![failed]), deadline()).unwrap();
        tail.shutdown(deadline()).unwrap();
        assert_eq!(memory.finished().len(), kept, "drops: {drops}");
        let stats = control.stats();
        assert_eq!((stats.kept.traces, stats.dropped.traces), (kept as u64, 1 - kept as u64));
        assert_eq!(stats.pending, Amount::default());
    }
}
