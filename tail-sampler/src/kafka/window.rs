//! How long decisions are followed.

use std::collections::{HashSet, VecDeque};

use tracing_core_lite::opentelemetry::trace::TraceId;

/// How many windows a trace is remembered after its window, only to count its later spans.
const COUNTED_WINDOWS: u64 = 4;

/// The traces that were decided within the window, and those before them.
#[derive(Debug)]
pub(super) struct Window {
    length: u64,
    /// When the window of a trace ends, in the order of decisions.
    open: VecDeque<(u64, TraceId)>,
    /// When a trace is forgotten completely.
    closed: VecDeque<(u64, TraceId)>,
    is_closed: HashSet<TraceId>,
    most_closed: usize,
}

impl Window {
    pub(super) fn new(length: u64, most_closed: usize) -> Self {
        Self {
            length,
            open: VecDeque::new(),
            closed: VecDeque::new(),
            is_closed: HashSet::new(),
            most_closed,
        }
    }

    /// Opens the window of a trace that was decided at `at`.
    pub(super) fn open(&mut self, trace_id: TraceId, at: u64) {
        self.open.push_back((at.saturating_add(self.length), trace_id));
    }

    /// Closes the windows that end until `now`, and calls `forget` with their traces.
    pub(super) fn close(&mut self, now: u64, mut forget: impl FnMut(TraceId)) {
        while let Some((end, trace_id)) = self.open.front().copied().filter(|(end, _)| *end <= now) {
            self.open.pop_front();
            forget(trace_id);
            if self.is_closed.insert(trace_id) {
                self.closed.push_back((end.saturating_add(self.length * COUNTED_WINDOWS), trace_id));
            }
        }
        while self.closed.len() > self.most_closed || self.closed.front().is_some_and(|(end, _)| *end <= now)
        {
            if let Some((_, trace_id)) = self.closed.pop_front() {
                self.is_closed.remove(&trace_id);
            }
        }
    }

    /// Returns whether the window of a trace has ended not long ago.
    pub(super) fn is_closed(&self, trace_id: TraceId) -> bool {
        self.is_closed.contains(&trace_id)
    }

    pub(super) fn bytes(&self) -> usize {
        (self.open.len() + self.closed.len() * 2) * size_of::<(u64, TraceId)>()
    }
}
