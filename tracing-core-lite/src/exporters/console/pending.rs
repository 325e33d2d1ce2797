//! Traces that are not printed yet, bounded in number and size.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use opentelemetry::trace::TraceId;

use crate::span::data::FinishedSpan;

/// When a trace is printed, and how much is held until then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) traces: usize,
    pub(super) spans_per_trace: usize,
    /// How long to wait for spans of other threads and providers after the root has ended.
    pub(super) settle: Duration,
    /// How long to wait after the latest span of a trace without a root.
    pub(super) quiet: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Pending {
    traces: HashMap<TraceId, Collected>,
}

/// The spans of one trace received so far.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) spans: Vec<FinishedSpan>,
    /// The number of spans beyond the limit.
    pub(super) left_out: usize,
    first: Instant,
    last: Instant,
    has_root: bool,
}

/// Which traces to take out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// The traces whose waiting time has passed.
    Due(Instant),
    /// The traces whose root has ended.
    Rooted,
    All,
}

impl Pending {
    /// Adds a span. If there are too many traces, removes the oldest and returns it.
    pub(super) fn add(&mut self, finished: FinishedSpan, now: Instant, limits: &Limits) -> Option<Collected> {
        let id = finished.span.trace_id;
        let mut displaced = None;
        if !self.traces.contains_key(&id) && self.traces.len() >= limits.traces.max(1) {
            let oldest = self.traces.iter().min_by_key(|(_, it)| it.first).map(|(id, _)| *id);
            displaced = oldest.and_then(|id| self.traces.remove(&id));
        }
        let collected = self.traces.entry(id).or_insert_with(|| Collected {
            spans: Vec::new(),
            left_out: 0,
            first: now,
            last: now,
            has_root: false,
        });
        collected.last = now;
        collected.has_root |= finished.span.is_root();
        // The root is kept beyond the limit: the picture needs it.
        if collected.spans.len() < limits.spans_per_trace || finished.span.is_root() {
            collected.spans.push(finished);
        } else {
            collected.left_out += 1;
        }
        displaced
    }

    pub(super) fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    pub(super) fn take(&mut self, which: Which, limits: &Limits) -> Vec<Collected> {
        let chosen = |it: &Collected| match which {
            Which::All => true,
            Which::Rooted => it.has_root,
            Which::Due(now) => {
                let wait = if it.has_root { limits.settle } else { limits.quiet };
                now.saturating_duration_since(it.last) >= wait
            }
        };
        let ids: Vec<_> = self.traces.iter().filter(|(_, it)| chosen(it)).map(|(id, _)| *id).collect();
        let mut taken: Vec<_> = ids.iter().filter_map(|id| self.traces.remove(id)).collect();
        taken.sort_by_key(|it| it.first);
        taken
    }
}
