//! The slowest traces.

use serde::Serialize;

use super::merge::Merge;
use crate::model::Trace;

/// A trace in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TraceRow {
    /// The id, in hex.
    pub trace_id: String,
    /// The service of the root.
    pub service: String,
    /// The name of the root.
    pub root: String,
    /// The duration of the root in nanoseconds.
    pub duration: u64,
    /// The nanoseconds from the earliest start to the latest end.
    pub trace_duration: u64,
    /// The earliest start, in nanoseconds since the Unix epoch.
    pub start: u64,
    /// The number of spans.
    pub spans: usize,
    /// The number of failed spans.
    pub failed: usize,
}

impl From<Trace<'_>> for TraceRow {
    fn from(trace: Trace<'_>) -> Self {
        let main = trace.main();
        Self {
            trace_id: format!("{:032x}", trace.id()),
            service: main.map_or(String::new(), |it| it.service().to_owned()),
            root: main.map_or(String::new(), |it| it.name().to_owned()),
            duration: main.map_or(0, |it| it.duration()),
            trace_duration: trace.duration(),
            start: trace.start(),
            spans: trace.len(),
            failed: trace.spans().filter(|it| it.is_failed()).count(),
        }
    }
}

/// The slowest traces of a set, by the duration of the root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Slowest {
    /// The number of traces.
    pub count: u64,
    /// The slowest first. Equally slow ones are ordered by id.
    pub traces: Vec<TraceRow>,
    #[serde(skip)]
    limit: usize,
}

impl Slowest {
    pub(crate) fn new(limit: usize) -> Self {
        Self { count: 0, traces: Vec::new(), limit }
    }

    pub(crate) fn add(&mut self, trace: Trace<'_>) {
        self.count += 1;
        let duration = trace.main().map_or(0, |it| it.duration());
        let is_full = self.traces.len() >= self.limit;
        if is_full && self.traces.last().is_none_or(|it| it.duration > duration) {
            return;
        }
        self.traces.push(trace.into());
        self.cut();
    }

    fn cut(&mut self) {
        self.traces.sort_by(|a, b| b.duration.cmp(&a.duration).then_with(|| a.trace_id.cmp(&b.trace_id)));
        self.traces.truncate(self.limit);
    }
}

impl Merge for Slowest {
    fn merge_from(&mut self, other: Self) {
        self.count += other.count;
        self.limit = self.limit.max(other.limit);
        self.traces.extend(other.traces);
        self.cut();
    }
}
