//! The lines of a waterfall, before they are text or SVG.

use super::text::{count, escaped, human};
use crate::{Outcome, Section, Span, Trace, critical_path};

/// Deeper spans are not indented further.
const MAX_INDENT: usize = 24;

/// One line of a waterfall.
pub(super) enum Line<'a> {
    Span(Box<Row<'a>>),
    /// The parents of the spans below this line are missing.
    MissingParent,
}

/// One span.
pub(super) struct Row<'a> {
    pub(super) span: &'a Span,
    /// The branches of the tree before the name.
    pub(super) branches: String,
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) service: String,
    /// Start and end on the time axis, as fractions of the trace.
    pub(super) place: (f64, f64),
    /// The sections of it that are on the critical path, as fractions of the trace.
    pub(super) critical: Vec<(f64, f64)>,
    pub(super) duration: String,
    /// A word for the outcome: empty for success, else the type of the error.
    pub(super) outcome: String,
    /// The span that it follows from and the number of other links; empty without links.
    pub(super) links: String,
}

pub(super) fn lines<'a>(trace: &Trace<'a>) -> Vec<Line<'a>> {
    let mut critical: Vec<Vec<Section>> = vec![Vec::new(); trace.nodes.len()];
    for section in critical_path(trace) {
        critical[section.node].push(section);
    }
    let mut lines = Vec::with_capacity(trace.nodes.len() + 1);
    let mut open: Vec<(usize, String, usize, bool)> = Vec::new();
    let mut walk = |starts: &[usize], missing: bool| {
        if missing && !starts.is_empty() {
            lines.push(Line::MissingParent);
        }
        let top = usize::from(missing);
        open.extend(starts.iter().rev().enumerate().map(|(nth, &node)| (node, String::new(), top, nth == 0)));
        while let Some((node, before, depth, last)) = open.pop() {
            let own = if depth == 0 {
                ""
            } else if last {
                "└ "
            } else {
                "├ "
            };
            let below = match depth {
                0 => String::new(),
                MAX_INDENT.. => before.clone(),
                _ => format!("{before}{}", if last { "  " } else { "│ " }),
            };
            let row = row(trace, node, format!("{before}{own}"), depth, &critical[node]);
            lines.push(Line::Span(Box::new(row)));
            let children = trace.nodes[node].children.iter().rev().enumerate();
            open.extend(children.map(|(nth, &child)| (child, below.clone(), depth + 1, nth == 0)));
        }
    };
    walk(&trace.roots, false);
    walk(&trace.orphans, true);
    lines
}

fn row<'a>(trace: &Trace<'a>, node: usize, branches: String, depth: usize, critical: &[Section]) -> Row<'a> {
    let span = trace.span(node);
    #[allow(clippy::cast_precision_loss)]
    let place = |start: u64, end: u64| {
        let whole = trace.duration().max(1) as f64;
        ((start - trace.start) as f64 / whole, (end - trace.start) as f64 / whole)
    };
    Row {
        span,
        branches,
        depth: depth.min(MAX_INDENT),
        name: escaped(if span.name.is_empty() { "(no name)" } else { &span.name }).into_owned(),
        service: escaped(&span.service).into_owned(),
        place: place(span.start_time_unix_nano, span.end()),
        critical: critical.iter().map(|section| place(section.start, section.end)).collect(),
        duration: human(span.duration()),
        outcome: outcome(&span.outcome),
        links: links(trace, span),
    }
}

fn outcome(outcome: &Outcome) -> String {
    let (error_type, otherwise) = match outcome {
        Outcome::Ok => return String::new(),
        Outcome::Handled { error_type } => (error_type, "handled"),
        Outcome::Failed { error_type, message } if message.is_empty() => (error_type, "failed"),
        Outcome::Failed { error_type, message } => (error_type, &**message),
    };
    let word = if error_type.is_empty() { otherwise } else { last_segment(error_type) };
    escaped(word).into_owned()
}

/// Returns the name of a type without its path, which would not fit its column. Generic types stay as they are.
fn last_segment(error_type: &str) -> &str {
    match error_type.rsplit_once("::") {
        Some((_, name)) if !name.contains('>') && !name.is_empty() => name,
        _ => error_type,
    }
}

fn links(trace: &Trace<'_>, span: &Span) -> String {
    let mut others = span.links.len();
    let mut text = String::new();
    if let Some(link) = span.links.iter().find(|link| link.is_follows_from) {
        others -= 1;
        let same_trace = (link.trace_id == trace.id).then(|| trace.name_of(link.span_id)).flatten();
        let origin = same_trace.map_or_else(|| shortened(link.trace_id), |name| escaped(name).into_owned());
        text = format!("↝ follows {origin}");
    }
    if others > 0 {
        let space = if text.is_empty() { "" } else { " " };
        text = format!("{text}{space}↗ {}", count(others, "link"));
    }
    text
}

/// The first eight digits of a trace id.
fn shortened(trace_id: u128) -> String {
    format!("{:08x}…", trace_id >> 96)
}

/// Returns the failed spans that have a message, the deepest first, because the cause is usually there.
pub(super) fn failures<'r>(lines: &'r [Line<'_>]) -> Vec<(&'r Row<'r>, String)> {
    let mut all: Vec<_> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Span(row) => match &row.span.outcome {
                Outcome::Failed { message, .. } if !message.is_empty() => {
                    Some((&**row, escaped(message).into_owned()))
                }
                _ => None,
            },
            Line::MissingParent => None,
        })
        .collect();
    all.sort_by_key(|(row, _)| std::cmp::Reverse(row.depth));
    all
}

/// Returns the headline without the trace id: duration and counts.
pub(super) fn summary(trace: &Trace<'_>, services: usize) -> String {
    let errors = trace.nodes.iter().filter(|node| node.span.outcome.is_failure()).count();
    let mut parts =
        vec![human(trace.duration()), count(trace.nodes.len(), "span"), count(services, "service")];
    parts.push(if errors == 0 { "no errors".into() } else { count(errors, "error") });
    parts.join(" · ")
}
