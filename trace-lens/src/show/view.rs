//! One trace as a waterfall.

use trace_view::{Link, Outcome, Span, WaterfallOptions};

use crate::model::{SpanRef, Trace};

fn span(span: SpanRef<'_>, times: Option<(u64, u64)>) -> Span {
    let (start, end) = times.unwrap_or((span.start(), span.end()));
    let mut out = Span::new(span.trace_id(), span.id())
        .with_name(span.name())
        .with_service(span.service())
        .with_times(start, end);
    if let Some(parent) = span.parent_id() {
        out = out.with_parent(parent);
    }
    if span.is_failed() {
        out = out.with_outcome(Outcome::failed(span.error_type(), span.message()));
    }
    for link in span.links() {
        let new = if link.is_follows_from { Link::follows_from } else { Link::new };
        out = out.with_link(new(link.trace_id, link.span_id));
    }
    out
}

fn spans(trace: Trace<'_>, times: Option<&[(u64, u64)]>) -> Vec<Span> {
    let at = |index: usize| times.and_then(|it| it.get(index).copied());
    trace.spans().enumerate().map(|(index, it)| span(it, at(index))).collect()
}

/// Draws a trace as text. `times` replace the recorded times of its spans.
#[must_use]
pub fn waterfall(trace: Trace<'_>, times: Option<&[(u64, u64)]>, options: &WaterfallOptions) -> String {
    trace_view::waterfall(&spans(trace, times), options)
}

/// Draws a trace as SVG. `times` replace the recorded times of its spans.
#[must_use]
pub fn svg(trace: Trace<'_>, times: Option<&[(u64, u64)]>) -> String {
    trace_view::svg(&spans(trace, times))
}
