//! The traces of the tests.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_kafka::exporter::TraceKey;

use super::broker::Writer;

/// When the records of a trace are written, in milliseconds after its beginning. The last one has the root.
const PARTS: [u64; 4] = [0, 900, 2000, 3100];
/// When the late record of some traces is written: after the decision, and within the window.
const LATE: u64 = 6000;

/// How many times the wanted number of traces is written at most.
const MOST: u64 = 20;

/// A trace, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace(pub(crate) u64);

impl Trace {
    pub(crate) fn id(self) -> TraceId {
        let mix = |seed: u64| {
            let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        TraceId::from_bytes(
            (u128::from(mix(self.0 * 2)) << 64 | u128::from(mix(self.0 * 2 + 1))).to_be_bytes(),
        )
    }

    pub(crate) fn is_failed(self) -> bool {
        self.0.is_multiple_of(50)
    }

    pub(crate) fn is_slow(self) -> bool {
        self.0 % 50 == 1
    }

    pub(crate) fn is_marked(self) -> bool {
        self.0 % 5 == 2
    }

    pub(crate) fn has_late_span(self) -> bool {
        self.0 % 20 <= 1 || self.0 % 20 == 7
    }

    pub(crate) fn spans(self) -> BTreeSet<Vec<u8>> {
        let parts = PARTS.len() + usize::from(self.has_late_span());
        (0..parts).map(span_id).collect()
    }

    fn part(self, part: usize) -> Vec<u8> {
        let is_root = part == PARTS.len() - 1;
        let marked = KeyValue {
            key: "shop.marked".into(),
            value: Some(AnyValue { value: Some(Value::StringValue("yes".into())) }),
            ..KeyValue::default()
        };
        let millis = if self.is_slow() && part == 1 { 700 } else { 20 };
        let span = Span {
            trace_id: self.id().to_bytes().into(),
            span_id: span_id(part),
            parent_span_id: if is_root { Vec::new() } else { span_id(PARTS.len() - 1) },
            name: "work".into(),
            start_time_unix_nano: 1_700_000_000_000_000_000,
            end_time_unix_nano: 1_700_000_000_000_000_000 + millis * 1_000_000,
            attributes: if self.is_marked() && part == 0 { vec![marked] } else { Vec::new() },
            status: (self.is_failed() && part == 2).then(|| Status { code: 2, ..Status::default() }),
            ..Span::default()
        };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
        let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }
}

fn span_id(part: usize) -> Vec<u8> {
    (part as u64 + 1).to_be_bytes().into()
}

/// Writes traces in real time, `rate` per second: at least `count`, and until `stop` is set. Returns their number.
pub(crate) fn write(writer: &Writer, rate: u64, count: u64, stop: &AtomicBool) -> u64 {
    let begin = Instant::now();
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let mut records = BinaryHeap::new();
    let (mut begun, mut has_stopped) = (0, false);
    while !has_stopped || !records.is_empty() {
        let now = begin.elapsed().as_millis() as u64;
        has_stopped =
            has_stopped || (begun >= count && stop.load(Ordering::Acquire)) || begun >= count * MOST;
        while !has_stopped && begun * 1000 / rate <= now {
            let trace = Trace(begun);
            let late = trace.has_late_span().then_some(LATE);
            let times = PARTS.into_iter().chain(late).enumerate();
            records.extend(times.map(|(part, after)| Reverse((begun * 1000 / rate + after, trace.0, part))));
            begun += 1;
        }
        while let Some(Reverse((at, trace, part))) = records.pop_if_due(now) {
            let trace = Trace(trace);
            writer.write(TraceKey::new(trace.id()).as_bytes(), &trace.part(part), epoch + at as i64);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    writer.flush();
    begun
}

trait PopIfDue {
    /// Returns the first record if its time has come.
    fn pop_if_due(&mut self, now: u64) -> Option<Reverse<(u64, u64, usize)>>;
}

impl PopIfDue for BinaryHeap<Reverse<(u64, u64, usize)>> {
    fn pop_if_due(&mut self, now: u64) -> Option<Reverse<(u64, u64, usize)>> {
        self.peek().is_some_and(|Reverse((at, _, _))| *at <= now).then(|| self.pop()).flatten()
    }
}
