//! The longest chain: which spans, and when, a trace's duration is made of.

use std::cmp::Reverse;

use super::tree::Trace;

/// For every node the stretches of time that it contributes (start and end in nanoseconds, latest first); none when
/// it is not on the path.
///
/// A child counts within its parent's time only. What follows from its parent without being awaited does not count,
/// nor does anything below it.
pub(super) fn critical_path(trace: &Trace<'_>) -> Vec<Vec<(u64, u64)>> {
    let mut stretches = vec![Vec::new(); trace.nodes.len()];
    let Some(main) = trace.main() else { return stretches };
    let bounds = bounds(trace, main);
    let mut open: Vec<Frame> = Vec::new();
    open.extend(Frame::enter(trace, &bounds, main));
    while let Some(frame) = open.last_mut() {
        let before = |&child: &usize| bounds[child].is_some_and(|(_, end)| end <= frame.reached);
        let child = loop {
            match frame.children.pop() {
                Some(child) if before(&child) => break Some(child),
                Some(_) => {}
                None => break None,
            }
        };
        let (node, reached) = (frame.node, frame.reached);
        match child.and_then(|child| bounds[child].map(|bounds| (child, bounds))) {
            Some((child, (child_start, child_end))) => {
                frame.reached = child_start;
                if child_end < reached {
                    stretches[node].push((child_end, reached));
                }
                open.extend(Frame::enter(trace, &bounds, child));
            }
            None => {
                if frame.start < reached {
                    stretches[node].push((frame.start, reached));
                }
                open.pop();
            }
        }
    }
    stretches
}

/// A span on the way back in time.
struct Frame {
    node: usize,
    start: u64,
    /// What comes after this moment is accounted for.
    reached: u64,
    /// The one that ended last comes last.
    children: Vec<usize>,
}

impl Frame {
    fn enter(trace: &Trace<'_>, bounds: &[Option<(u64, u64)>], node: usize) -> Option<Self> {
        let (start, reached) = bounds[node]?;
        let mut children = trace.nodes[node].children.clone();
        children.sort_by_key(|&child| bounds[child].map(|(start, end)| (end, Reverse(start))));
        Some(Self { node, start, reached, children })
    }
}

/// Every node's time, cut to its parent's; `None` for what does not count.
fn bounds(trace: &Trace<'_>, main: usize) -> Vec<Option<(u64, u64)>> {
    let mut bounds = vec![None; trace.nodes.len()];
    bounds[main] = Some((trace.nodes[main].start(), trace.nodes[main].end()));
    let mut open = vec![main];
    while let Some(parent) = open.pop() {
        let Some((parent_start, parent_end)) = bounds[parent] else { continue };
        for &child in &trace.nodes[parent].children {
            let node = &trace.nodes[child];
            let outside = node.start() >= parent_end || node.end() <= parent_start;
            if !outside && !follows_its_parent(trace, child) {
                bounds[child] = Some((node.start().max(parent_start), node.end().min(parent_end)));
                open.push(child);
            }
        }
    }
    bounds
}

fn follows_its_parent(trace: &Trace<'_>, node: usize) -> bool {
    let span = &trace.nodes[node].finished.span;
    span.links.iter().any(|link| link.span_id == span.parent_span_id && link.is_follows_from())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use opentelemetry::trace::{SpanId, TraceId};
    use serde_json::Value as Json;

    use super::*;
    use crate::span::data::{FinishedSpan, LinkData, ScopeData, SpanData, Value};

    fn span(id: u64, parent: u64, follows: bool, start: u64, duration: u64) -> FinishedSpan {
        let parent_span_id = SpanId::from_bytes(parent.to_be_bytes());
        let follows_from = LinkData {
            span_id: parent_span_id,
            attributes: vec![("opentracing.ref_type".into(), Value::String("follows_from".into()))],
            ..LinkData::default()
        };
        let span = SpanData {
            trace_id: TraceId::from_bytes([1; 16]),
            span_id: SpanId::from_bytes(id.to_be_bytes()),
            parent_span_id,
            start_time_unix_nano: start,
            end_time_unix_nano: start + duration,
            links: follows.then_some(follows_from).into_iter().collect(),
            ..SpanData::default()
        };
        FinishedSpan { resource: Arc::new([]), scope: Arc::new(ScopeData::default()), span }
    }

    /// Span id, start and end of each stretch, the latest first.
    fn path(spans: &[FinishedSpan]) -> Vec<(u64, u64, u64)> {
        let traces = Trace::all(spans);
        let mut path: Vec<_> = critical_path(&traces[0])
            .into_iter()
            .enumerate()
            .flat_map(|(node, stretches)| {
                let id = u64::from_be_bytes(traces[0].nodes[node].finished.span.span_id.to_bytes());
                stretches.into_iter().map(move |(start, end)| (id, start, end))
            })
            .collect();
        path.sort_by_key(|&(_, start, _)| Reverse(start));
        path
    }

    #[test]
    fn the_shared_vectors_hold() {
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
    fn what_follows_does_not_count() {
        let spans = [span(1, 0, false, 0, 20), span(2, 1, true, 5, 10), span(3, 2, false, 6, 2)];
        assert_eq!(path(&spans), [(1, 0, 20)]);
    }
}
