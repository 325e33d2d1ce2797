//! Differences: between two traces, and between two sets of traces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::merge::{Merge, entry};
use super::statistics::mann_whitney;
use crate::model::{Trace, Tree};

/// The significance level of differences between distributions, after the correction for multiple tests.
const ALPHA: f64 = 0.01;

/// A span that two traces have in common, or that one of them lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SpanDiff {
    /// How deep the span is below the root.
    pub depth: usize,
    /// The service.
    pub service: String,
    /// The name.
    pub name: String,
    /// The duration in the first trace in nanoseconds, `None` if the span is not in it.
    pub left: Option<u64>,
    /// The duration in the second trace in nanoseconds, `None` if the span is not in it.
    pub right: Option<u64>,
    /// Whether the span failed, in either trace.
    pub failed: (bool, bool),
}

/// Returns the spans of both traces. They match by service, name, kind and parent; equal siblings match in order.
#[must_use]
pub fn diff_traces(left: Trace<'_>, right: Trace<'_>) -> Vec<SpanDiff> {
    let (left, right) = (Tree::new(left), Tree::new(right));
    let tops = |tree: &Tree<'_>| tree.roots().chain(tree.orphans()).collect::<Vec<_>>();
    let mut found = Vec::new();
    let mut stack: Vec<(usize, Pair)> = Vec::new();
    // Reversed, so that the first span of each level is popped first.
    let push = |stack: &mut Vec<(usize, Pair)>, depth: usize, pairs: Vec<Pair>| {
        stack.extend(pairs.into_iter().rev().map(|pair| (depth, pair)));
    };
    push(&mut stack, 0, pair_up(&left, tops(&left), &right, tops(&right)));
    while let Some((depth, (l, r))) = stack.pop() {
        found.push(span_diff(depth, &left, l, &right, r));
        let children =
            |tree: &Tree<'_>, span: Option<usize>| span.map_or(Vec::new(), |it| tree.children(it).to_vec());
        push(&mut stack, depth + 1, pair_up(&left, children(&left, l), &right, children(&right, r)));
    }
    found
}

fn span_diff(
    depth: usize,
    left: &Tree<'_>,
    l: Option<usize>,
    right: &Tree<'_>,
    r: Option<usize>,
) -> SpanDiff {
    let (a, b) = (l.map(|it| left.span(it)), r.map(|it| right.span(it)));
    let (service, name) = a.or(b).map_or(("", ""), |it| (it.service(), it.name()));
    SpanDiff {
        depth,
        service: service.to_owned(),
        name: name.to_owned(),
        left: l.map(|it| left.duration(it)),
        right: r.map(|it| right.duration(it)),
        failed: (a.is_some_and(|it| it.is_failed()), b.is_some_and(|it| it.is_failed())),
    }
}

type Pair = (Option<usize>, Option<usize>);

fn pair_up(left: &Tree<'_>, lefts: Vec<usize>, right: &Tree<'_>, rights: Vec<usize>) -> Vec<Pair> {
    let key = |tree: &Tree<'_>, span: usize| {
        let it = tree.span(span);
        (it.service().to_owned(), it.name().to_owned(), it.kind())
    };
    let mut waiting: BTreeMap<_, std::collections::VecDeque<usize>> = BTreeMap::new();
    for span in rights {
        waiting.entry(key(right, span)).or_default().push_back(span);
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for span in lefts {
        let partner = waiting.get_mut(&key(left, span)).and_then(std::collections::VecDeque::pop_front);
        pairs.push((Some(span), partner));
    }
    pairs.extend(waiting.into_values().flatten().map(|it| (None, Some(it))));
    pairs
}

/// The durations of the spans of many traces, by their place in the trace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Durations {
    /// The number of traces.
    pub traces: u64,
    /// By parent and span, as `parent › service name`.
    pub places: BTreeMap<String, Place>,
}

/// The spans in one place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The number of spans that failed.
    pub errors: u64,
    /// The durations.
    pub durations: Histogram,
}

impl Merge for Place {
    fn merge_from(&mut self, other: Self) {
        self.errors += other.errors;
        self.durations.merge_from(other.durations);
    }
}

impl Merge for Durations {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.places.merge_from(other.places);
    }
}

impl Durations {
    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        self.traces += 1;
        for span in (0..tree.len()).filter(|&it| !tree.is_copy(it)) {
            let it = tree.span(span);
            let parent = tree.parent_index(span).map(|it| tree.span(it));
            let above = parent.map_or(String::new(), |it| format!("{} {} › ", it.service(), it.name()));
            let place = entry(&mut self.places, &format!("{above}{} {}", it.service(), it.name()));
            place.errors += u64::from(it.is_failed());
            place.durations.add(tree.duration(span));
        }
    }
}

/// A place whose spans differ between two sets of traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlaceDiff {
    /// The place: `parent › service name`.
    pub place: String,
    /// The number of spans in both sets.
    pub count: (u64, u64),
    /// Medians in nanoseconds.
    pub p50: (u64, u64),
    /// 95th percentiles in nanoseconds.
    pub p95: (u64, u64),
    /// Spans that failed.
    pub errors: (u64, u64),
    /// The p-value of the difference of durations, corrected for the number of places. 1 for places that only one set has.
    pub probability: f64,
}

impl PlaceDiff {
    /// Returns whether the durations differ significantly, or the place is in one set only.
    #[must_use]
    pub fn is_significant(&self) -> bool {
        self.probability < ALPHA || self.count.0 == 0 || self.count.1 == 0
    }
}

/// Returns the places of both sets, the largest difference of medians first.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn diff_sets(left: &Durations, right: &Durations) -> Vec<PlaceDiff> {
    let places: std::collections::BTreeSet<&String> = left.places.keys().chain(right.places.keys()).collect();
    let tests = places.len() as f64;
    let none = Place::default();
    let mut all: Vec<PlaceDiff> = places
        .into_iter()
        .map(|place| {
            let (a, b) = (left.places.get(place).unwrap_or(&none), right.places.get(place).unwrap_or(&none));
            let sample = |it: &Place| it.durations.buckets().collect::<Vec<_>>();
            let probability = (mann_whitney(&sample(a), &sample(b)) * tests).min(1.0);
            let quantile = |share: f64| (a.durations.quantile(share), b.durations.quantile(share));
            PlaceDiff {
                place: place.clone(),
                count: (a.durations.count(), b.durations.count()),
                p50: quantile(0.5),
                p95: quantile(0.95),
                errors: (a.errors, b.errors),
                probability,
            }
        })
        .collect();
    all.sort_by(|a, b| {
        b.p50.0.abs_diff(b.p50.1).cmp(&a.p50.0.abs_diff(a.p50.1)).then_with(|| a.place.cmp(&b.place))
    });
    all
}
