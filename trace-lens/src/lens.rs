//! The entry point of the library.

use std::collections::BTreeMap;

use crate::analysis::{
    Comparison, Corrections, CriticalPath, DEFAULT_BOUNDS, DependencyMap, Durations, ErrorSummary,
    FailurePoints, Histogram, LatencySummary, PathTotals, Patterns, Quality, SelfTimes, SkewSummary, Slowest,
    Summary, Times, fold,
};
use crate::filter::Filter;
use crate::model::{SpanRecord, SpanSet, Trace, Tree};
use crate::read::{Input, ReadError, ReadOptions, read_bytes, read_files};

/// A set of spans with a method for each analysis.
#[derive(Debug, Clone, Default)]
pub struct Lens {
    set: SpanSet,
    times: Times,
}

impl Lens {
    /// Creates a lens on these spans.
    #[must_use]
    pub fn new(set: SpanSet) -> Self {
        Self { set, times: Times::Raw }
    }

    /// Creates a lens on these spans.
    #[must_use]
    pub fn from_records(records: impl IntoIterator<Item = SpanRecord>) -> Self {
        Self::new(SpanSet::from_records(records))
    }

    /// Reads files of any format; `-` is standard input. Of a folder, all files in it are read.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read at all. Records that cannot be read are skipped.
    pub fn open<S: Into<String>>(files: impl IntoIterator<Item = S>) -> Result<Self, ReadError> {
        let files: Vec<String> = files.into_iter().map(Into::into).collect();
        read_files(&files, &ReadOptions::new()).map(Self::from)
    }

    /// Reads the content of a file that is in memory.
    ///
    /// # Errors
    /// Returns an error if the content cannot be read at all. Records that cannot be read are skipped.
    pub fn from_bytes(content: &[u8]) -> Result<Self, ReadError> {
        read_bytes("bytes", content, &ReadOptions::new()).map(Self::from)
    }

    /// Uses times that are corrected for clock skew. The recorded ones are kept in the spans.
    #[must_use]
    pub fn with_corrected_times(mut self) -> Self {
        self.times = Times::Corrected;
        self
    }

    pub(crate) fn with_times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// Removes the traces that are not kept by a filter.
    #[must_use]
    pub fn with_filter(mut self, filter: &Filter) -> Self {
        filter.apply(&mut self.set);
        self
    }

    /// Arranges the spans of a trace under their parents.
    #[must_use]
    pub fn tree<'a>(&self, trace: Trace<'a>) -> Tree<'a> {
        self.times.tree(trace)
    }

    /// Returns the spans.
    #[must_use]
    pub fn spans(&self) -> &SpanSet {
        &self.set
    }

    /// Returns the traces, by id.
    pub fn traces(&self) -> impl ExactSizeIterator<Item = Trace<'_>> + Clone {
        self.set.traces()
    }

    /// Returns the trace with this id.
    #[must_use]
    pub fn trace(&self, id: u128) -> Option<Trace<'_>> {
        self.set.trace(id)
    }

    /// Returns the critical path of a trace.
    #[must_use]
    pub fn critical_path(&self, trace: Trace<'_>) -> CriticalPath {
        CriticalPath::new(&self.tree(trace))
    }

    /// Returns all results at once, in one pass over the traces.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::new(&self.set, self.times)
    }

    /// Returns where the time of all traces goes.
    #[must_use]
    pub fn path_totals(&self) -> PathTotals {
        fold(&self.set, self.times, PathTotals::default, |it, tree| it.add(tree))
    }

    /// Returns how long spans work themselves.
    #[must_use]
    pub fn self_times(&self) -> SelfTimes {
        fold(&self.set, self.times, SelfTimes::default, |it, tree| it.add(tree))
    }

    /// Returns the map of services without the messages between traces, to be merged with the maps of other traces. Call
    /// [`DependencyMap::with_messages`] on the merged one.
    #[must_use]
    pub fn dependencies_to_merge(&self) -> DependencyMap {
        fold(&self.set, self.times, DependencyMap::default, |it, tree| it.add(tree))
    }

    /// Returns the map of services, with an edge for each message between traces.
    #[must_use]
    pub fn dependencies(&self) -> DependencyMap {
        self.dependencies_to_merge().with_messages()
    }

    /// Returns the errors and their causes.
    #[must_use]
    pub fn errors(&self) -> ErrorSummary {
        fold(&self.set, self.times, ErrorSummary::default, |it, tree| it.add(tree))
    }

    /// Returns how long requests take, in the default buckets.
    #[must_use]
    pub fn latency(&self) -> LatencySummary {
        self.latency_with(&DEFAULT_BOUNDS)
    }

    /// Returns how long requests take, in buckets between these bounds, in nanoseconds.
    #[must_use]
    pub fn latency_with(&self, bounds: &[u64]) -> LatencySummary {
        fold(&self.set, self.times, || LatencySummary::with_bounds(bounds), |it, tree| it.add(tree))
    }

    /// Returns which hosts have clocks that differ.
    #[must_use]
    pub fn skew(&self) -> SkewSummary {
        fold(&self.set, Times::Raw, SkewSummary::default, |it, tree| it.add(tree))
    }

    /// Returns callees whose errors reach the root of requests.
    #[must_use]
    pub fn failure_points(&self) -> FailurePoints {
        fold(&self.set, self.times, FailurePoints::default, |it, tree| it.add(tree))
    }

    /// Returns the durations of the main spans of all traces, also of those without a root.
    #[must_use]
    pub fn main_durations(&self) -> Histogram {
        let mut durations = Histogram::default();
        self.traces().filter_map(|it| it.main()).for_each(|main| durations.add(main.duration()));
        durations
    }

    /// Counts the main spans of all traces by their duration, from `low` to `high` nanoseconds, both inclusive.
    #[must_use]
    pub fn main_durations_between(&self, low: u64, high: u64) -> BTreeMap<u64, u64> {
        let mut counts = BTreeMap::new();
        let durations = self.traces().filter_map(|it| it.main()).map(|main| main.duration());
        durations.filter(|it| (low..=high).contains(it)).for_each(|it| *counts.entry(it).or_default() += 1);
        counts
    }

    /// Compares the attributes of traces that `is_selected` selects with those of the others.
    #[must_use]
    pub fn why(&self, is_selected: impl Fn(Trace<'_>) -> bool + Sync) -> Comparison {
        fold(&self.set, Times::Raw, Comparison::default, |it, tree| {
            it.add(tree.trace(), is_selected(tree.trace()));
        })
    }

    /// Returns what is wrong with the tracing.
    #[must_use]
    pub fn quality(&self) -> Quality {
        fold(&self.set, self.times, Quality::default, |it, tree| it.add(tree))
    }

    /// Returns patterns that cost time.
    #[must_use]
    pub fn patterns(&self) -> Patterns {
        fold(&self.set, self.times, Patterns::default, |it, tree| it.add(tree))
    }

    /// Returns the slowest `limit` of the traces that `keep` keeps, and how many it keeps.
    #[must_use]
    pub fn slowest(&self, limit: usize, keep: impl Fn(Trace<'_>) -> bool) -> Slowest {
        let mut slowest = Slowest::new(limit);
        self.traces().filter(|&trace| keep(trace)).for_each(|trace| slowest.add(trace));
        slowest
    }

    /// Returns the `limit` spans that the correction of clock skew moves furthest.
    #[must_use]
    pub fn corrections(&self, limit: usize) -> Corrections {
        fold(&self.set, Times::Raw, || Corrections::new(limit), |it, tree| it.add(tree)).finish()
    }

    /// Returns the durations by place, to compare with another set of traces.
    #[must_use]
    pub fn durations(&self) -> Durations {
        fold(&self.set, self.times, Durations::default, |it, tree| it.add(tree))
    }
}

impl From<Input> for Lens {
    fn from(input: Input) -> Self {
        Self::new(input.spans)
    }
}
