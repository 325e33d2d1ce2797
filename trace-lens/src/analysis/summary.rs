//! All results at once, in one pass over the traces.

use serde::{Deserialize, Serialize};

use super::dependencies::DependencyMap;
use super::errors::ErrorSummary;
use super::failure_points::FailurePoints;
use super::fold::fold;
use super::latency::LatencySummary;
use super::merge::Merge;
use super::path_totals::PathTotals;
use super::patterns::Patterns;
use super::quality::Quality;
use super::self_time::SelfTimes;
use super::skew::{SkewSummary, Times};
use crate::model::{SpanSet, Tree};

/// The results over a set of traces, which can be stored and merged with others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Where the time goes.
    pub path: PathTotals,
    /// The self times of spans.
    pub self_times: SelfTimes,
    /// The map of services.
    pub map: DependencyMap,
    /// Callees whose errors reach the root.
    pub failure_points: FailurePoints,
    /// The errors and their causes.
    pub errors: ErrorSummary,
    /// The latency of requests.
    pub latency: LatencySummary,
    /// Problems of the instrumentation.
    pub quality: Quality,
    /// Clock differences between hosts.
    pub skew: SkewSummary,
    /// Patterns that cost time.
    pub patterns: Patterns,
}

impl Summary {
    /// Returns the results over all traces of a set.
    #[must_use]
    pub fn new(set: &SpanSet, times: Times) -> Self {
        fold(set, times, Self::default, |summary, tree| summary.add(tree))
    }

    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        self.path.add(tree);
        self.self_times.add(tree);
        self.map.add(tree);
        self.failure_points.add(tree);
        self.errors.add(tree);
        self.latency.add(tree);
        self.quality.add(tree);
        self.skew.add(tree);
        self.patterns.add(tree);
    }
}

impl Merge for Summary {
    fn merge_from(&mut self, other: Self) {
        self.path.merge_from(other.path);
        self.self_times.merge_from(other.self_times);
        self.map.merge_from(other.map);
        self.failure_points.merge_from(other.failure_points);
        self.errors.merge_from(other.errors);
        self.latency.merge_from(other.latency);
        self.quality.merge_from(other.quality);
        self.skew.merge_from(other.skew);
        self.patterns.merge_from(other.patterns);
    }
}
