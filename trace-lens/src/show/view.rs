//! One trace as a waterfall.

use std::collections::HashSet;

use trace_view::{Link, Outcome, Span, WaterfallOptions};

use crate::model::{Parent, Tree};

/// The spans of a trace for its picture, with the parents and times of the tree.
fn spans(tree: &Tree<'_>) -> Vec<Span> {
    let mut seen = HashSet::new();
    // Where spans share an id, as in Zipkin, each gets one of its own.
    let is_unique = (0..tree.len()).all(|it| seen.insert(tree.span(it).id()));
    let id = |index: usize| if is_unique { tree.span(index).id() } else { index as u64 + 1 };
    (0..tree.len())
        .map(|index| {
            let span = tree.span(index);
            let (start, end) = tree.times(index);
            let mut out = Span::new(span.trace_id(), id(index))
                .with_name(span.name())
                .with_service(span.service())
                .with_times(start, end);
            out = match tree.parent(index) {
                Parent::None => out,
                Parent::Missing => out.with_parent(u64::MAX),
                Parent::Span(parent) => out.with_parent(id(parent)),
            };
            if span.is_failed() {
                out = out.with_outcome(Outcome::failed(span.error_type(), span.message()));
            }
            for link in span.links() {
                let is_to_parent = link.is_follows_from && Some(link.span_id) == span.parent_id();
                let linked =
                    if is_to_parent { out.parent_span_id.unwrap_or(link.span_id) } else { link.span_id };
                let new = if link.is_follows_from { Link::follows_from } else { Link::new };
                out = out.with_link(new(link.trace_id, linked));
            }
            out
        })
        .collect()
}

/// Draws a trace as text.
#[must_use]
pub fn waterfall(tree: &Tree<'_>, options: &WaterfallOptions) -> String {
    trace_view::waterfall(&spans(tree), options)
}

/// Draws a trace as SVG.
#[must_use]
pub fn svg(tree: &Tree<'_>) -> String {
    trace_view::svg(&spans(tree))
}
