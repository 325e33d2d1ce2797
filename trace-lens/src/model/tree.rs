//! The spans of a trace under their parents.

use super::kind::Kind;
use super::trace::{SpanRef, Trace};

/// The parent of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parent {
    /// The span is a root.
    None,
    /// The parent is not in the trace.
    Missing,
    /// The index of the parent.
    Span(usize),
}

/// The spans of a trace under their parents.
///
/// Spans are addressed by their index in the [`Trace`]. The tree never contains a cycle: one span of each cycle is treated as
/// if its parent were missing. If several spans have the same id, children belong to the one of their own service, or else to
/// the first. A server span that shares the id of its client span, as in Zipkin, is a child of it.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    trace: Trace<'a>,
    parents: Vec<Parent>,
    /// The children of all spans, those of one span next to each other.
    children: Vec<usize>,
    offsets: Vec<usize>,
    /// Start and end of each span, corrected or as recorded.
    times: Vec<(u64, u64)>,
    duplicates: Vec<usize>,
    /// Which spans are copies of another.
    copies: Vec<bool>,
    cycles: Vec<usize>,
}

/// The number of spans with one id among which a parent is looked for.
const MAX_NAMESAKES: usize = 16;

impl<'a> Tree<'a> {
    /// Arranges the spans of a trace.
    #[must_use]
    pub fn new(trace: Trace<'a>) -> Self {
        let count = trace.len();
        let mut ids: Vec<(u64, usize)> = (0..count).map(|index| (trace.span(index).id(), index)).collect();
        ids.sort_unstable();
        let mut tree = Self {
            trace,
            parents: Vec::with_capacity(count),
            children: Vec::new(),
            offsets: Vec::new(),
            times: trace.spans().map(|span| (span.start(), span.end())).collect(),
            duplicates: Vec::new(),
            copies: Vec::new(),
            cycles: Vec::new(),
        };
        let mut copies = vec![false; count];
        tree.find_duplicates(&ids, &mut copies);
        for index in 0..count {
            tree.parents.push(find_parent(&trace, &ids, &copies, index));
        }
        tree.break_cycles();
        tree.collect_children(&copies);
        tree.copies = copies;
        tree
    }

    /// Finds spans that are copies of another: same id, kind, service and times.
    fn find_duplicates(&mut self, ids: &[(u64, usize)], copies: &mut [bool]) {
        for pair in ids.windows(2) {
            let ((left_id, left), (right_id, right)) = (pair[0], pair[1]);
            if left_id == right_id {
                let (a, b) = (self.trace.span(left), self.trace.span(right));
                let is_shared = a.kind() != b.kind() && is_call_pair(a, b);
                if !is_shared {
                    self.duplicates.push(right);
                    copies[right] = is_copy(a, b);
                }
            }
        }
    }

    /// Follows parents from each span. The span that closes a cycle loses its parent.
    fn break_cycles(&mut self) {
        const NEW: usize = usize::MAX;
        let mut seen_by = vec![NEW; self.parents.len()];
        for start in 0..self.parents.len() {
            let mut index = start;
            while seen_by[index] == NEW {
                seen_by[index] = start;
                match self.parents[index] {
                    Parent::Span(parent) if seen_by[parent] == start => {
                        self.parents[index] = Parent::Missing;
                        self.cycles.push(index);
                    }
                    Parent::Span(parent) => index = parent,
                    Parent::None | Parent::Missing => {}
                }
            }
        }
        self.cycles.sort_unstable();
    }

    fn collect_children(&mut self, copies: &[bool]) {
        let count = self.parents.len();
        let mut offsets = vec![0; count + 1];
        let edges = || {
            let parents = self.parents.iter().enumerate();
            parents.filter_map(|(child, parent)| match parent {
                Parent::Span(parent) if !copies[child] => Some((child, *parent)),
                _ => None,
            })
        };
        for (_, parent) in edges() {
            offsets[parent + 1] += 1;
        }
        for index in 0..count {
            offsets[index + 1] += offsets[index];
        }
        let mut next = offsets.clone();
        let mut children = vec![0; offsets[count]];
        for (child, parent) in edges() {
            children[next[parent]] = child;
            next[parent] += 1;
        }
        (self.children, self.offsets) = (children, offsets);
    }

    /// Returns the trace.
    #[must_use]
    pub fn trace(&self) -> Trace<'a> {
        self.trace
    }

    /// Returns the span with this index.
    ///
    /// # Panics
    /// If `index` is not below the number of spans.
    #[must_use]
    pub fn span(&self, index: usize) -> SpanRef<'a> {
        self.trace.span(index)
    }

    /// Returns the number of spans.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Returns whether there are no spans.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// Returns the parent of a span.
    #[must_use]
    pub fn parent(&self, index: usize) -> Parent {
        self.parents[index]
    }

    /// Returns the index of the parent, if it is in the trace.
    #[must_use]
    pub fn parent_index(&self, index: usize) -> Option<usize> {
        match self.parents[index] {
            Parent::Span(parent) => Some(parent),
            Parent::None | Parent::Missing => None,
        }
    }

    /// Returns the children of a span, by start. Copies of a span are left out.
    #[must_use]
    pub fn children(&self, index: usize) -> &[usize] {
        &self.children[self.offsets[index]..self.offsets[index + 1]]
    }

    /// Returns the spans without a parent, by start.
    pub fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&index| self.parents[index] == Parent::None && !self.copies[index])
    }

    /// Returns the spans whose parent is missing, by start.
    pub fn orphans(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&index| self.parents[index] == Parent::Missing && !self.copies[index])
    }

    /// Returns whether a span is a copy of another: the same span, delivered twice.
    #[must_use]
    pub fn is_copy(&self, index: usize) -> bool {
        self.copies[index]
    }

    /// Returns the spans that share their id with another.
    #[must_use]
    pub fn duplicates(&self) -> &[usize] {
        &self.duplicates
    }

    /// Returns the spans that lost their parent because they were their own ancestors.
    #[must_use]
    pub fn cycles(&self) -> &[usize] {
        &self.cycles
    }

    /// Returns the main span: the longest root, else the longest orphan.
    #[must_use]
    pub fn main(&self) -> Option<usize> {
        let longest = |best: usize, other: usize| {
            if self.duration(other) > self.duration(best) { other } else { best }
        };
        self.roots().reduce(longest).or_else(|| self.orphans().reduce(longest))
    }

    /// Returns whether the trace has a root.
    #[must_use]
    pub fn has_root(&self) -> bool {
        self.roots().next().is_some()
    }

    /// Returns start and end of a span, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn times(&self, index: usize) -> (u64, u64) {
        self.times[index]
    }

    /// Returns the duration of a span in nanoseconds.
    #[must_use]
    pub fn duration(&self, index: usize) -> u64 {
        self.times[index].1 - self.times[index].0
    }

    /// Replaces start and end of each span.
    pub(crate) fn set_times(&mut self, times: Vec<(u64, u64)>) {
        if times.len() == self.times.len() {
            self.times = times;
        }
    }

    /// Returns whether the parent of a span waits for it.
    ///
    /// It does not wait for a span that follows from it, nor, as a producer, for a consumer.
    #[must_use]
    pub fn is_awaited(&self, index: usize) -> bool {
        let Some(parent) = self.parent_index(index) else { return true };
        let (span, parent) = (self.span(index), self.span(parent));
        let follows = span.links().iter().any(|link| link.is_follows_from && link.span_id == parent.id());
        let is_message = span.kind() == Kind::Consumer && parent.kind() == Kind::Producer;
        !(follows || is_message)
    }

    /// Returns all spans, each after its parent.
    #[must_use]
    pub fn top_down(&self) -> Vec<usize> {
        let mut order: Vec<usize> =
            (0..self.len()).filter(|&index| self.parent_index(index).is_none()).collect();
        let mut next = 0;
        while next < order.len() {
            let children = self.children(order[next]);
            order.extend_from_slice(children);
            next += 1;
        }
        order
    }
}

fn is_call_pair(a: SpanRef<'_>, b: SpanRef<'_>) -> bool {
    matches!((a.kind(), b.kind()), (Kind::Client, Kind::Server) | (Kind::Server, Kind::Client))
}

fn is_copy(a: SpanRef<'_>, b: SpanRef<'_>) -> bool {
    a.kind() == b.kind() && a.service_text() == b.service_text() && a.parent_id() == b.parent_id()
}

fn with_id<'i>(ids: &'i [(u64, usize)], id: u64) -> impl Iterator<Item = usize> + Clone + use<'i> {
    let first = ids.partition_point(|&(it, _)| it < id);
    ids[first..].iter().take_while(move |&&(it, _)| it == id).take(MAX_NAMESAKES).map(|&(_, index)| index)
}

fn find_parent(trace: &Trace<'_>, ids: &[(u64, usize)], copies: &[bool], index: usize) -> Parent {
    let span = trace.span(index);
    if span.kind() == Kind::Server {
        let client = with_id(ids, span.id()).find(|&other| trace.span(other).kind() == Kind::Client);
        if let Some(client) = client {
            return Parent::Span(client);
        }
    }
    let Some(id) = span.parent_id() else { return Parent::None };
    if id == span.id() {
        return Parent::Missing;
    }
    let candidates = with_id(ids, id).filter(|&other| !copies[other]);
    let of_service =
        candidates.clone().find(|&other| trace.span(other).service_text() == span.service_text());
    of_service.or_else(|| candidates.clone().next()).map_or(Parent::Missing, Parent::Span)
}
