//! Self time: the time of spans without that of their children.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::merge::{Merge, entry};
use crate::model::Tree;

/// The times of the spans with one name in one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OperationTime {
    /// The number of spans.
    pub count: u64,
    /// The sum of their durations in nanoseconds.
    pub total: u64,
    /// The sum of their self times in nanoseconds.
    pub own: u64,
}

impl Merge for OperationTime {
    fn merge_from(&mut self, other: Self) {
        self.count += other.count;
        self.total = self.total.saturating_add(other.total);
        self.own = self.own.saturating_add(other.own);
    }
}

/// The times of spans, by service and name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SelfTimes {
    /// By service, then by name of the span.
    pub services: BTreeMap<String, BTreeMap<String, OperationTime>>,
}

impl SelfTimes {
    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        for span in (0..tree.len()).filter(|&it| !tree.is_copy(it)) {
            let it = tree.span(span);
            let time = entry(entry(&mut self.services, it.service()), it.name());
            let own = self_time(tree, span);
            time.merge_from(OperationTime { count: 1, total: tree.duration(span), own });
        }
    }

    /// Returns service, name and times, the largest self time first.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&str, &str, OperationTime)> {
        let services = self.services.iter();
        let mut all: Vec<_> = services
            .flat_map(|(service, names)| names.iter().map(move |(name, time)| (&**service, &**name, *time)))
            .collect();
        all.sort_by(|a, b| b.2.own.cmp(&a.2.own).then_with(|| (a.0, a.1).cmp(&(b.0, b.1))));
        all
    }

    /// Returns the self time of all spans, in nanoseconds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.services.values().flat_map(BTreeMap::values).fold(0, |sum, it| sum.saturating_add(it.own))
    }
}

impl Merge for SelfTimes {
    fn merge_from(&mut self, other: Self) {
        self.services.merge_from(other.services);
    }
}

/// Returns the duration of a span minus the union of its children, in nanoseconds.
///
/// Children count within the time of the span only, so the result is between 0 and its duration.
#[must_use]
pub fn self_time(tree: &Tree<'_>, span: usize) -> u64 {
    let (start, end) = tree.times(span);
    // Children are ordered by their recorded start; corrected times may differ.
    let mut children: Vec<(u64, u64)> = tree
        .children(span)
        .iter()
        .map(|&child| tree.times(child))
        .map(|(from, to)| (from.max(start), to.min(end)))
        .filter(|(from, to)| from < to)
        .collect();
    children.sort_unstable();
    let (mut covered, mut reached) = (0, start);
    for (from, to) in children {
        let from = from.max(reached);
        if to > from {
            covered += to - from;
            reached = to;
        }
    }
    end - start - covered
}
