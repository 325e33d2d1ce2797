//! Clock skew: differences between the clocks of hosts, and its correction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::merge::{Merge, entry};
use crate::model::{Parent, Trace, Tree};

/// The times that analyses use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum Times {
    /// As recorded.
    #[default]
    Raw,
    /// Corrected for clock skew, as [`correct`] does without a limit.
    Corrected,
}

impl Times {
    /// Arranges the spans of a trace, with these times.
    #[must_use]
    pub fn tree(self, trace: Trace<'_>) -> Tree<'_> {
        let mut tree = Tree::new(trace);
        if self == Self::Corrected {
            let correction = correct(&tree, u64::MAX);
            if correction.deltas.iter().any(|&it| it != 0) {
                tree.set_times(correction.times);
            }
        }
        tree
    }
}

/// The correction of a span, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Adjustment {
    /// The span was moved by this many nanoseconds.
    Moved {
        /// Added to its start, its end and its events.
        nanos: i64,
    },
    /// A correction was not applied, because it is larger than allowed.
    TooLarge {
        /// The correction in nanoseconds.
        nanos: i64,
    },
    /// The parent is not in the trace.
    NoParent,
    /// Another span has the same id.
    Duplicate,
}

/// The corrected times of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SkewCorrection {
    /// Start and end of each span, in nanoseconds since the Unix epoch.
    pub times: Vec<(u64, u64)>,
    /// By how much the events of each span move, in nanoseconds.
    pub deltas: Vec<i64>,
    /// The spans with a correction, or with a reason why there is none.
    pub adjustments: Vec<(usize, Adjustment)>,
}

/// The clock difference at a call.
struct Delta {
    nanos: i128,
    is_applied: bool,
}

/// Corrects the times of a trace as Jaeger does: a child on another host than its parent's that does not fit into its
/// parent is moved into the middle of it.
///
/// A child that fits is not moved. A child that is longer than its parent is moved only as far as to the start of its
/// parent, and only if it starts earlier. Spans on one host, or of one process, move together. A correction of more than `most` nanoseconds
/// is not made; 0 makes none. A child that its parent does not wait for is not moved.
///
/// Source: `clockskew` in Jaeger's query service.
#[must_use]
pub fn correct(tree: &Tree<'_>, most: u64) -> SkewCorrection {
    let mut result = SkewCorrection {
        times: (0..tree.len()).map(|it| (tree.span(it).start(), tree.span(it).end())).collect(),
        deltas: vec![0; tree.len()],
        adjustments: Vec::new(),
    };
    for &span in tree.duplicates() {
        result.adjustments.push((span, Adjustment::Duplicate));
    }
    // The delta of the host that a span runs on.
    let mut of_host = vec![0i128; tree.len()];
    for span in tree.top_down() {
        let parent = match tree.parent(span) {
            Parent::None => continue,
            Parent::Missing => {
                result.adjustments.push((span, Adjustment::NoParent));
                continue;
            }
            Parent::Span(parent) => parent,
        };
        if shares_clock(tree, parent, span) {
            of_host[span] = of_host[parent];
        } else if tree.is_awaited(span) {
            let found = delta(result.times[parent], result.times[span]);
            let delta = limit(found, most);
            of_host[span] = if delta.is_applied { delta.nanos } else { 0 };
            if !delta.is_applied && delta.nanos != 0 {
                result.adjustments.push((span, Adjustment::TooLarge { nanos: clamp(delta.nanos) }));
            }
        }
        result.shift(span, of_host[span]);
    }
    result.adjustments.sort_by_key(|(span, _)| *span);
    result
}

/// Whether two spans were timed by one clock: on one host, or in one process whose host is unknown.
fn shares_clock(tree: &Tree<'_>, parent: usize, span: usize) -> bool {
    let (a, b) = (tree.span(parent), tree.span(span));
    let is_same_process = a.resource_index() == b.resource_index() && !a.service().is_empty();
    if a.host().is_empty() { b.host().is_empty() && is_same_process } else { a.host() == b.host() }
}

fn limit(nanos: i128, most: u64) -> Delta {
    Delta { nanos, is_applied: nanos.unsigned_abs() <= u128::from(most) }
}

fn delta((parent_start, parent_end): (u64, u64), (start, end): (u64, u64)) -> i128 {
    let (parent_duration, duration) = (parent_end - parent_start, end - start);
    let behind = i128::from(parent_start) - i128::from(start);
    if duration > parent_duration {
        return behind.max(0);
    }
    if start >= parent_start && end <= parent_end {
        return 0;
    }
    behind + i128::from((parent_duration - duration) / 2)
}

fn clamp(nanos: i128) -> i64 {
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

impl SkewCorrection {
    fn shift(&mut self, span: usize, nanos: i128) {
        if nanos == 0 {
            return;
        }
        let moved = |time: u64| u64::try_from((i128::from(time) + nanos).max(0)).unwrap_or(u64::MAX);
        let (start, end) = self.times[span];
        self.times[span] = (moved(start), moved(end).max(moved(start)));
        self.deltas[span] = clamp(nanos);
        self.adjustments.push((span, Adjustment::Moved { nanos: clamp(nanos) }));
    }
}

/// Clock differences between two hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HostSkew {
    /// The number of calls from one to the other.
    pub calls: u64,
    /// The number of calls whose callee was moved.
    pub moved: u64,
    /// The smallest correction in nanoseconds.
    pub least: i64,
    /// The largest correction in nanoseconds.
    pub most: i64,
    /// The sum of all corrections in nanoseconds.
    pub(crate) sum: i128,
}

impl HostSkew {
    /// Returns the mean correction in nanoseconds, 0 without one.
    #[must_use]
    pub fn mean(&self) -> i64 {
        if self.moved == 0 { 0 } else { clamp(self.sum / i128::from(self.moved)) }
    }
}

impl Merge for HostSkew {
    fn merge_from(&mut self, other: Self) {
        if other.moved > 0 {
            self.least = if self.moved == 0 { other.least } else { self.least.min(other.least) };
            self.most = if self.moved == 0 { other.most } else { self.most.max(other.most) };
        }
        self.calls += other.calls;
        self.moved += other.moved;
        self.sum += other.sum;
    }
}

/// The clock differences of all pairs of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SkewSummary {
    /// By the hosts of caller and callee. A host that is unknown is named after its service.
    pub hosts: BTreeMap<String, BTreeMap<String, HostSkew>>,
}

impl Merge for SkewSummary {
    fn merge_from(&mut self, other: Self) {
        self.hosts.merge_from(other.hosts);
    }
}

impl SkewSummary {
    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        for span in 0..tree.len() {
            let Some(parent) = tree.parent_index(span).filter(|_| tree.is_awaited(span)) else { continue };
            let (from, to) = (host(tree, parent), host(tree, span));
            if from == to || shares_clock(tree, parent, span) {
                continue;
            }
            let raw = |span: usize| (tree.span(span).start(), tree.span(span).end());
            let nanos = clamp(delta(raw(parent), raw(span)));
            let moved = u64::from(nanos != 0);
            let one = HostSkew { calls: 1, moved, least: nanos, most: nanos, sum: i128::from(nanos) };
            entry(entry(&mut self.hosts, &from), &to).merge_from(one);
        }
    }
}

fn host(tree: &Tree<'_>, span: usize) -> String {
    let it = tree.span(span);
    if it.host().is_empty() { format!("({})", it.service()) } else { it.host().to_owned() }
}
