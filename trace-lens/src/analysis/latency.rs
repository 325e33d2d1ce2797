//! The latency of requests, by kind of request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::errors::root_name;
use super::histogram::Histogram;
use super::merge::{Merge, entry};
use crate::model::{Tree, Weight};

/// The bounds of the default buckets, in nanoseconds: 100 ms, 500 ms, 1 s.
pub const DEFAULT_BOUNDS: [u64; 3] = [100_000_000, 500_000_000, 1_000_000_000];
/// How many traces of a bucket are kept.
const EXAMPLES: usize = 5;

/// The traces whose duration is between two bounds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bucket {
    /// The number of traces.
    pub traces: u64,
    /// The number of traces that these represent, by the sampling thresholds.
    pub adjusted: Weight,
    /// The slowest: duration in nanoseconds, and id.
    pub slowest: Vec<(u64, String)>,
}

impl Merge for Bucket {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.adjusted += other.adjusted;
        self.slowest.extend(other.slowest);
        self.slowest.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        self.slowest.truncate(EXAMPLES);
    }
}

/// The latency of one kind of request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Latency {
    /// The durations of roots.
    pub durations: Histogram,
    /// The number of roots that failed.
    pub errors: u64,
    /// By the lower bound in nanoseconds. Buckets without traces are left out.
    pub buckets: BTreeMap<u64, Bucket>,
    /// By minute since the Unix epoch.
    pub minutes: BTreeMap<u64, Histogram>,
}

impl Merge for Latency {
    fn merge_from(&mut self, other: Self) {
        self.durations.merge_from(other.durations);
        self.errors += other.errors;
        self.buckets.merge_from(other.buckets);
        self.minutes.merge_from(other.minutes);
    }
}

/// The latency of all requests, and of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LatencySummary {
    /// The bounds of the buckets, in nanoseconds.
    pub bounds: Vec<u64>,
    /// All requests.
    pub all: Latency,
    /// By service and name of the root.
    pub routes: BTreeMap<String, Latency>,
}

impl Default for LatencySummary {
    fn default() -> Self {
        Self::with_bounds(&DEFAULT_BOUNDS)
    }
}

impl Merge for LatencySummary {
    /// Both must have the same bounds.
    fn merge_from(&mut self, other: Self) {
        self.all.merge_from(other.all);
        self.routes.merge_from(other.routes);
    }
}

impl LatencySummary {
    /// Returns an empty summary with buckets between these bounds, in nanoseconds.
    #[must_use]
    pub fn with_bounds(bounds: &[u64]) -> Self {
        let mut bounds = bounds.to_vec();
        bounds.sort_unstable();
        bounds.dedup();
        Self { bounds, all: Latency::default(), routes: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        let Some(main) = tree.main().filter(|_| tree.has_root()) else { return };
        let (span, duration) = (tree.span(main), tree.duration(main));
        let lower = self.bounds.iter().copied().filter(|&bound| bound <= duration).max().unwrap_or(0);
        let minute = tree.times(main).0 / 60_000_000_000;
        for latency in [&mut self.all, entry(&mut self.routes, &root_name(span))] {
            latency.durations.add(duration);
            latency.errors += u64::from(span.is_failed());
            latency.buckets.entry(lower).or_default().add(tree, duration);
            latency.minutes.entry(minute).or_default().add(duration);
        }
    }

    /// Returns the buckets of `latency`: lower and upper bound in nanoseconds, and the traces. The last has no upper
    /// bound.
    #[must_use]
    pub fn buckets<'l>(&self, latency: &'l Latency) -> Vec<(u64, Option<u64>, Option<&'l Bucket>)> {
        let lowers = std::iter::once(0).chain(self.bounds.iter().copied());
        let uppers = self.bounds.iter().copied().map(Some).chain(std::iter::once(None));
        lowers.zip(uppers).map(|(lower, upper)| (lower, upper, latency.buckets.get(&lower))).collect()
    }
}

impl Bucket {
    fn add(&mut self, tree: &Tree<'_>, duration: u64) {
        self.traces += 1;
        self.adjusted += tree.trace().weight();
        if self.slowest.len() == EXAMPLES && self.slowest.last().is_some_and(|it| it.0 > duration) {
            return;
        }
        let id = format!("{:032x}", tree.trace().id());
        self.merge_from(Self { slowest: vec![(duration, id)], ..Self::default() });
    }
}
