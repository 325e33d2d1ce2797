//! The spans of a trace, under their parents.

use std::collections::HashMap;

use opentelemetry::trace::{SpanId, TraceId};

use crate::span::data::FinishedSpan;

/// The spans of one trace.
pub(super) struct Trace<'a> {
    pub(super) id: TraceId,
    pub(super) nodes: Vec<Node<'a>>,
    /// Spans without a parent, by start.
    pub(super) roots: Vec<usize>,
    /// Spans whose parent is not there, by start.
    pub(super) orphans: Vec<usize>,
    /// Nanoseconds since the Unix epoch.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// A span in its tree.
pub(super) struct Node<'a> {
    pub(super) finished: &'a FinishedSpan,
    /// By start.
    pub(super) children: Vec<usize>,
}

impl Node<'_> {
    pub(super) fn start(&self) -> u64 {
        self.finished.span.start_time_unix_nano
    }

    /// Never before the start, whatever the clock did.
    pub(super) fn end(&self) -> u64 {
        self.finished.span.end_time_unix_nano.max(self.start())
    }
}

impl<'a> Trace<'a> {
    /// The traces among `spans`, by start.
    pub(super) fn all(spans: &'a [FinishedSpan]) -> Vec<Self> {
        let mut by_id: HashMap<TraceId, Vec<&FinishedSpan>> = HashMap::new();
        for finished in spans {
            by_id.entry(finished.span.trace_id).or_default().push(finished);
        }
        let mut traces: Vec<_> = by_id.into_iter().map(|(id, spans)| Self::new(id, spans)).collect();
        traces.sort_by_key(|trace| (trace.start, trace.id.to_bytes()));
        traces
    }

    fn new(id: TraceId, mut spans: Vec<&'a FinishedSpan>) -> Self {
        // The longer first among those that start together: it is the likelier parent.
        spans.sort_by_key(|it| (it.span.start_time_unix_nano, u64::MAX - it.span.end_time_unix_nano));
        let mut index_of = HashMap::new();
        for (index, finished) in spans.iter().enumerate() {
            index_of.entry(finished.span.span_id).or_insert(index);
        }
        let mut nodes: Vec<_> =
            spans.iter().map(|&finished| Node { finished, children: Vec::new() }).collect();
        let (mut roots, mut orphans) = (Vec::new(), Vec::new());
        for (index, finished) in spans.iter().enumerate() {
            match finished.span.parent_span_id {
                SpanId::INVALID => roots.push(index),
                parent => match index_of.get(&parent) {
                    Some(&parent) if parent != index => nodes[parent].children.push(index),
                    _ => orphans.push(index),
                },
            }
        }
        break_cycles(&mut nodes, &roots, &mut orphans);
        let start = nodes.iter().map(Node::start).min().unwrap_or(0);
        let end = nodes.iter().map(Node::end).max().unwrap_or(0);
        Self { id, nodes, roots, orphans, start, end }
    }

    /// The span that the trace is about: its first root, else its first orphan.
    pub(super) fn main(&self) -> Option<usize> {
        self.roots.first().or(self.orphans.first()).copied()
    }

    pub(super) fn duration(&self) -> u64 {
        self.end - self.start
    }

    pub(super) fn name_of(&self, id: SpanId) -> Option<&str> {
        let node = self.nodes.iter().find(|node| node.finished.span.span_id == id)?;
        Some(&node.finished.span.name)
    }
}

/// Spans that are each other's ancestors hang on no root: the first of each ring becomes an orphan.
fn break_cycles(nodes: &mut [Node<'_>], roots: &[usize], orphans: &mut Vec<usize>) {
    let mut reached = vec![false; nodes.len()];
    let mark = |from: usize, nodes: &[Node<'_>], reached: &mut Vec<bool>| {
        let mut open = vec![from];
        while let Some(index) = open.pop() {
            if !std::mem::replace(&mut reached[index], true) {
                open.extend_from_slice(&nodes[index].children);
            }
        }
    };
    for &index in roots.iter().chain(orphans.iter()) {
        mark(index, nodes, &mut reached);
    }
    for index in 0..nodes.len() {
        if !reached[index] {
            for node in nodes.iter_mut() {
                node.children.retain(|&child| child != index);
            }
            orphans.push(index);
            mark(index, nodes, &mut reached);
        }
    }
}
