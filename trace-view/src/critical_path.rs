//! The critical path of a trace: the spans that it waited for, one at each moment.

use std::cmp::Reverse;

use crate::Trace;

/// A part of the critical path: from `start` to `end`, the trace waited for this span itself and not for one below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Section {
    /// The span, as an index of [`Trace::nodes`].
    pub node: usize,
    /// The start, in nanoseconds since the Unix epoch.
    pub start: u64,
    /// The end, in nanoseconds since the Unix epoch.
    pub end: u64,
}

/// Spans under their parents, for which a critical path can be found.
///
/// Spans are addressed by an index below [`len`](Self::len). Following children must not lead back to a span.
pub trait SpanTree {
    /// Returns the number of spans.
    fn len(&self) -> usize;

    /// Returns whether there are no spans.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns start and end of a span, in nanoseconds. The end is not before the start.
    fn times(&self, span: usize) -> (u64, u64);

    /// Returns the children of a span.
    fn children(&self, span: usize) -> &[usize];

    /// Returns whether the parent of a span waits for it.
    fn is_awaited(&self, span: usize) -> bool;
}

impl SpanTree for Trace<'_> {
    fn len(&self) -> usize {
        self.nodes.len()
    }

    fn times(&self, span: usize) -> (u64, u64) {
        (self.span(span).start_time_unix_nano, self.span(span).end())
    }

    fn children(&self, span: usize) -> &[usize] {
        &self.nodes[span].children
    }

    fn is_awaited(&self, span: usize) -> bool {
        !self.span(span).follows_from_parent()
    }
}

/// Returns the critical path of a trace's [main span](Trace::main), by start.
///
/// The sections cover the main span without gaps or overlaps. The path is found from the end backwards: at each moment it
/// is in the child that finished last before that moment, or else in the span itself. A child counts within the time of
/// its parent only. A child that [follows from](crate::Span::follows_from_parent) its parent without being awaited is
/// left out, and so is everything below it.
#[must_use]
pub fn critical_path(trace: &Trace<'_>) -> Vec<Section> {
    trace.main().map(|main| critical_path_of(trace, main)).unwrap_or_default()
}

/// Returns the critical path of a span, by start, in the same way as [`critical_path`].
#[must_use]
pub fn critical_path_of<T: SpanTree + ?Sized>(tree: &T, span: usize) -> Vec<Section> {
    let mut sections = Vec::new();
    let bounds = bounds(tree, span);
    let mut open: Vec<Frame> = Vec::new();
    open.extend(Frame::enter(tree, &bounds, span));
    while let Some(frame) = open.last_mut() {
        let (node, reached) = (frame.node, frame.reached);
        let mut add = |start, end| {
            if start < end {
                sections.push(Section { node, start, end });
            }
        };
        match frame.next_child(&bounds) {
            Some((child, (child_start, child_end))) => {
                frame.reached = child_start;
                add(child_end, reached);
                open.extend(Frame::enter(tree, &bounds, child));
            }
            None => {
                add(frame.start, reached);
                open.pop();
            }
        }
    }
    sections.reverse();
    sections
}

/// Start and end of a span, cut to those of its parent.
type Bounds = (u64, u64);

/// A span through which the search goes backwards in time.
struct Frame {
    node: usize,
    start: u64,
    /// The time after this moment is already covered.
    reached: u64,
    /// The child that ended last comes last.
    children: Vec<usize>,
}

impl Frame {
    fn enter<T: SpanTree + ?Sized>(tree: &T, bounds: &[Option<Bounds>], node: usize) -> Option<Self> {
        let (start, reached) = bounds[node]?;
        let mut children = tree.children(node).to_vec();
        children.sort_by_key(|&child| bounds[child].map(|(start, end)| (end, Reverse(start))));
        Some(Self { node, start, reached, children })
    }

    /// Takes the child that finished last before the point reached.
    fn next_child(&mut self, bounds: &[Option<Bounds>]) -> Option<(usize, Bounds)> {
        while let Some(child) = self.children.pop() {
            if let Some((start, end)) = bounds[child].filter(|&(_, end)| end <= self.reached) {
                return Some((child, (start, end)));
            }
        }
        None
    }
}

/// Returns the bounds of every span; `None` for spans that are not awaited.
fn bounds<T: SpanTree + ?Sized>(tree: &T, main: usize) -> Vec<Option<Bounds>> {
    let mut bounds = vec![None; tree.len()];
    bounds[main] = Some(tree.times(main));
    let mut open = vec![main];
    while let Some(parent) = open.pop() {
        let Some((parent_start, parent_end)) = bounds[parent] else { continue };
        for &child in tree.children(parent) {
            let (start, end) = tree.times(child);
            let is_outside = start >= parent_end || end <= parent_start;
            if !is_outside && tree.is_awaited(child) {
                bounds[child] = Some((start.max(parent_start), end.min(parent_end)));
                open.push(child);
            }
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::Value as Json;

    use super::*;
    use crate::{Link, Span};

    fn span(id: u64, parent: u64, follows: bool, start: u64, duration: u64) -> Span {
        let mut span = Span::new(1, id).with_times(start, start + duration);
        span.parent_span_id = (parent != 0).then_some(parent);
        if follows { span.with_link(Link::follows_from(1, parent)) } else { span }
    }

    /// Span id, start and end of each section, the latest first.
    fn path(spans: &[Span]) -> Vec<(u64, u64, u64)> {
        let trace = &Trace::group(spans)[0];
        let sections = critical_path(trace).into_iter().rev();
        sections.map(|it| (trace.span(it.node).span_id, it.start, it.end)).collect()
    }

    #[test]
    fn the_shared_vectors_pass() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/critical_path.json");
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("the test vectors are missing: {file}: {error}"));
        let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
        for case in cases {
            let mut ids = HashMap::new();
            let mut id_of = |name: &Json| {
                let next = ids.len() as u64 + 1;
                name.as_str().map_or(0, |name| *ids.entry(name.to_owned()).or_insert(next))
            };
            let number = |it: &Json, key: &str| it[key].as_u64().unwrap();
            let spans = case["spans"].as_array().unwrap().iter();
            let spans: Vec<_> = spans
                .map(|it| {
                    let follows = it["ref_type"] == "FOLLOWS_FROM";
                    let (id, parent) = (id_of(&it["id"]), id_of(&it["parent"]));
                    span(id, parent, follows, number(it, "start"), number(it, "duration"))
                })
                .collect();
            let expected = case["critical_path"].as_array().unwrap().iter();
            let expected: Vec<_> =
                expected.map(|it| (id_of(&it["span"]), number(it, "start"), number(it, "end"))).collect();
            assert_eq!(path(&spans), expected, "{}", case["name"]);
        }
    }

    #[test]
    fn steps_that_touch_are_both_on_the_path() {
        let spans = [span(1, 0, false, 0, 20), span(2, 1, false, 0, 10), span(3, 1, false, 10, 10)];
        assert_eq!(path(&spans), [(3, 10, 20), (2, 0, 10)]);
    }

    #[test]
    fn spans_without_a_duration_do_not_stop_it() {
        let spans = [span(1, 0, false, 0, 20), span(2, 1, false, 10, 0), span(3, 2, false, 10, 0)];
        assert_eq!(path(&spans), [(1, 10, 20), (1, 0, 10)]);
        assert_eq!(path(&[span(1, 0, false, 5, 0)]), []);
    }

    #[test]
    fn spans_that_follow_from_their_parent_are_not_on_the_path() {
        let spans = [span(1, 0, false, 0, 20), span(2, 1, true, 5, 10), span(3, 2, false, 6, 2)];
        assert_eq!(path(&spans), [(1, 0, 20)]);
    }
}
