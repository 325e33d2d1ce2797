//! The spans of a trace, under their parents.

use std::collections::HashMap;

use crate::Span;

/// The spans of one trace, arranged under their parents.
///
/// Spans are addressed by their index in [`nodes`](Trace::nodes).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Trace<'a> {
    /// The id.
    pub id: u128,
    /// The spans, by start.
    pub nodes: Vec<Node<'a>>,
    /// Spans without a parent, by start.
    pub roots: Vec<usize>,
    /// Spans whose parent is missing, by start.
    pub orphans: Vec<usize>,
    /// The earliest start, in nanoseconds since the Unix epoch.
    pub start: u64,
    /// The latest end, in nanoseconds since the Unix epoch.
    pub end: u64,
}

/// A span in its trace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Node<'a> {
    /// The span.
    pub span: &'a Span,
    /// The children, by start.
    pub children: Vec<usize>,
}

impl<'a> Trace<'a> {
    /// Returns the traces that `spans` belong to, by start.
    #[must_use]
    pub fn group(spans: &'a [Span]) -> Vec<Self> {
        let mut by_id: HashMap<u128, Vec<&Span>> = HashMap::new();
        for span in spans {
            by_id.entry(span.trace_id).or_default().push(span);
        }
        let mut traces: Vec<_> = by_id.into_iter().map(|(id, spans)| Self::new(id, spans)).collect();
        traces.sort_by_key(|trace| (trace.start, trace.id));
        traces
    }

    fn new(id: u128, mut spans: Vec<&'a Span>) -> Self {
        // Of spans that start together, the longest comes first: it is the likeliest parent.
        spans.sort_by_key(|span| (span.start_time_unix_nano, u64::MAX - span.end_time_unix_nano));
        let mut index_of = HashMap::new();
        for (index, span) in spans.iter().enumerate() {
            index_of.entry(span.span_id).or_insert(index);
        }
        let mut nodes: Vec<_> = spans.iter().map(|&span| Node { span, children: Vec::new() }).collect();
        let (mut roots, mut orphans) = (Vec::new(), Vec::new());
        for (index, span) in spans.iter().enumerate() {
            match span.parent_span_id.map(|parent| index_of.get(&parent)) {
                None => roots.push(index),
                Some(Some(&parent)) if parent != index => nodes[parent].children.push(index),
                Some(_) => orphans.push(index),
            }
        }
        break_cycles(&mut nodes, &roots, &mut orphans);
        let start = nodes.iter().map(|node| node.span.start_time_unix_nano).min().unwrap_or(0);
        let end = nodes.iter().map(|node| node.span.end()).max().unwrap_or(0);
        Self { id, nodes, roots, orphans, start, end }
    }

    /// Returns the main span: the first root, or else the first orphan. `None` without spans.
    #[must_use]
    pub fn main(&self) -> Option<usize> {
        self.roots.first().or(self.orphans.first()).copied()
    }

    /// Returns the span with this index.
    ///
    /// # Panics
    /// If `node` is not an index of [`nodes`](Trace::nodes).
    #[must_use]
    pub fn span(&self, node: usize) -> &'a Span {
        self.nodes[node].span
    }

    /// Returns the nanoseconds from the earliest start to the latest end.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.end - self.start
    }

    pub(crate) fn name_of(&self, span_id: u64) -> Option<&str> {
        let node = self.nodes.iter().find(|node| node.span.span_id == span_id)?;
        Some(&node.span.name)
    }
}

/// Spans that are each other's ancestors hang below no root: the first of each cycle becomes an orphan.
fn break_cycles(nodes: &mut [Node<'_>], roots: &[usize], orphans: &mut Vec<usize>) {
    let mut reached = vec![false; nodes.len()];
    for &index in roots.iter().chain(orphans.iter()) {
        mark_subtree(index, nodes, &mut reached);
    }
    for index in 0..nodes.len() {
        if !reached[index] {
            for node in nodes.iter_mut() {
                node.children.retain(|&child| child != index);
            }
            orphans.push(index);
            mark_subtree(index, nodes, &mut reached);
        }
    }
}

fn mark_subtree(from: usize, nodes: &[Node<'_>], reached: &mut [bool]) {
    let mut open = vec![from];
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            open.extend_from_slice(&nodes[index].children);
        }
    }
}
