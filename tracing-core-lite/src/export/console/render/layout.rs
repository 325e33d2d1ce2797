//! What a picture of a trace shows, line by line, before it is text or SVG.

use super::critical_path::critical_path;
use super::text::{count, escaped, human};
use super::tree::Trace;
use crate::span::data::{FinishedSpan, SpanData, StatusData, Value};

/// Deeper spans are not indented further.
const MAX_INDENT: usize = 24;

/// One line of the picture.
pub(super) enum Line<'a> {
    Span(Box<Row<'a>>),
    /// The spans that come next have a parent that is not there.
    MissingParent,
}

/// One span.
pub(super) struct Row<'a> {
    pub(super) finished: &'a FinishedSpan,
    /// The branches of the tree before the name.
    pub(super) branches: String,
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) service: String,
    /// From and to on the time axis, as fractions of the trace.
    pub(super) place: (f64, f64),
    /// The parts of it that are on the longest chain, likewise.
    pub(super) critical: Vec<(f64, f64)>,
    pub(super) duration: String,
    pub(super) outcome: Outcome,
    /// What it follows from, and how many other links it has; empty when it has none.
    pub(super) links: String,
}

/// How a span went, with a word for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Fine,
    Handled(String),
    Failed(String),
}

pub(super) fn lines<'a>(trace: &Trace<'a>) -> Vec<Line<'a>> {
    let critical = critical_path(trace);
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

fn row<'a>(
    trace: &Trace<'a>,
    node: usize,
    branches: String,
    depth: usize,
    critical: &[(u64, u64)],
) -> Row<'a> {
    let node = &trace.nodes[node];
    let span = &node.finished.span;
    #[allow(clippy::cast_precision_loss)]
    let place = |(start, end): (u64, u64)| {
        let whole = trace.duration().max(1) as f64;
        ((start - trace.start) as f64 / whole, (end - trace.start) as f64 / whole)
    };
    Row {
        finished: node.finished,
        branches,
        depth: depth.min(MAX_INDENT),
        name: escaped(if span.name.is_empty() { "(no name)" } else { &span.name }).into_owned(),
        service: escaped(node.finished.service_name()).into_owned(),
        place: place((node.start(), node.end())),
        critical: critical.iter().map(|&it| place(it)).collect(),
        duration: human(node.end() - node.start()),
        outcome: outcome(span),
        links: links(trace, span),
    }
}

fn outcome(span: &SpanData) -> Outcome {
    let error_type = span.attribute("error.type").and_then(Value::as_str).map(short_type);
    let error_type = error_type.map(|it| escaped(it).into_owned());
    match &span.status {
        StatusData::Error(message) => {
            let word =
                error_type.filter(|it| !it.is_empty()).unwrap_or_else(|| escaped(message).into_owned());
            Outcome::Failed(if word.is_empty() { "failed".into() } else { word })
        }
        _ if span.attribute("error_handled").and_then(Value::as_bool) == Some(true) => {
            Outcome::Handled(error_type.unwrap_or_else(|| "handled".into()))
        }
        _ => Outcome::Fine,
    }
}

/// A type without its path: `shop::payment::CardDeclined` is wider than its column, and the service's name says the rest.
fn short_type(error_type: &str) -> &str {
    // What is generic, or no path at all, stays as it is.
    match error_type.rsplit_once("::") {
        Some((_, name)) if !name.contains('>') => name,
        _ => error_type,
    }
}

fn links(trace: &Trace<'_>, span: &SpanData) -> String {
    let mut others = span.links.len();
    let mut text = String::new();
    if let Some(link) = span.links.iter().find(|link| link.is_follows_from()) {
        others -= 1;
        let same_trace = (link.trace_id == trace.id).then(|| trace.name_of(link.span_id)).flatten();
        let origin =
            same_trace.map_or_else(|| short(&link.trace_id.to_string()), |it| escaped(it).into_owned());
        text = format!("↝ follows {origin}");
    }
    if others > 0 {
        let space = if text.is_empty() { "" } else { " " };
        text = format!("{text}{space}↗ {}", count(others, "link"));
    }
    text
}

fn short(id: &str) -> String {
    format!("{}…", id.get(..8).unwrap_or(id))
}

/// Failed spans whose status has a description, the deepest causes first: what went wrong, in words.
pub(super) fn failures<'r>(lines: &'r [Line<'_>]) -> Vec<(&'r Row<'r>, String)> {
    let mut all: Vec<_> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Span(row) => match &row.finished.span.status {
                StatusData::Error(message) if !message.is_empty() => {
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

/// The picture's headline without the trace id: duration and counts.
pub(super) fn summary(trace: &Trace<'_>, services: usize) -> String {
    let errors = trace.nodes.iter().filter(|node| node.finished.span.is_error()).count();
    let mut parts =
        vec![human(trace.duration()), count(trace.nodes.len(), "span"), count(services, "service")];
    parts.push(if errors == 0 { "no errors".into() } else { count(errors, "error") });
    parts.join(" · ")
}
