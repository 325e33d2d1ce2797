//! What can be wrong with a record.

use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_kafka::exporter::TraceKey;

use super::stats::{KafkaStats, Kind};

/// A readable record.
#[derive(Debug)]
pub(super) struct Inspected {
    /// Its traces, without repetitions of neighbours.
    pub(super) traces: Vec<TraceId>,
    pub(super) spans: usize,
}

/// Reads the trace ids of a record, and counts what is wrong with it. Returns `None` if there is nothing to sample.
pub(super) fn inspect(
    key: Option<&[u8]>,
    payload: Option<&[u8]>,
    partition: i32,
    partitions: i32,
    stats: &KafkaStats,
) -> Option<Inspected> {
    let Some(payload) = payload.filter(|payload| !payload.is_empty()) else {
        stats.count(Kind::Empty);
        return None;
    };
    let (mut traces, mut spans) = (Vec::new(), 0);
    let mut is_sound = true;
    let read = RequestView::new(payload).each_span(|_, _, span| {
        spans += 1;
        match span.head() {
            Ok(head) if traces.last() != Some(&head.trace_id) => traces.push(head.trace_id),
            Ok(_) => {}
            Err(_) => is_sound = false,
        }
    });
    if read.is_err() || !is_sound || spans == 0 {
        stats.count(Kind::NotOtlp);
        return None;
    }
    check_key(key, &traces, stats);
    if traces.iter().any(|trace_id| TraceKey::new(*trace_id).partition(partitions) != partition) {
        stats.count(Kind::OtherPartition);
    }
    Some(Inspected { traces, spans })
}

fn check_key(key: Option<&[u8]>, traces: &[TraceId], stats: &KafkaStats) {
    let problem = match (key, traces) {
        (_, [first, rest @ ..]) if rest.iter().any(|other| other != first) => Kind::SeveralTraces,
        (None, _) => Kind::NoKey,
        (Some(key), [first, ..]) => match TraceKey::parse(key) {
            None => Kind::ForeignKey,
            Some(key) if key.trace_id() != *first => Kind::KeyOfOtherTrace,
            Some(_) => return,
        },
        _ => return,
    };
    stats.count(problem);
}
