//! Trees of spans as text, and their comparison with the expected tree.

use std::collections::{HashMap, HashSet};

use opentelemetry::trace::{SpanId, SpanKind};

use crate::span::data::{FinishedSpan, LinkData, StatusData};

/// The names of the details that an expected line may have.
const KIND: &str = "kind";
const SERVICE: &str = "service";
const STATUS: &str = "status";
const LINK: &str = "link";
const FOLLOWS: &str = "follows";
const KEYS: [&str; 5] = [KIND, SERVICE, STATUS, LINK, FOLLOWS];

/// The value of a link detail for a span without links.
const NONE: &str = "none";

/// One line of a tree: a span's name, its depth and its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    depth: usize,
    name: String,
    details: Vec<(String, String)>,
}

impl Line {
    /// Returns whether this expected line matches the line of a span.
    fn fits(&self, found: &Self) -> bool {
        self.depth == found.depth
            && self.name == found.name
            && KEYS.iter().all(|key| {
                let expected = self.values(key);
                expected.is_empty() || expected == found.values(key)
            })
    }

    /// The values of one detail, in order.
    fn values(&self, key: &str) -> Vec<&str> {
        let mut values: Vec<_> =
            self.details.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect();
        values.sort_unstable();
        values
    }

    /// Returns this line with only the details that `asked` has too, so that a difference is easy to see.
    fn only_what(&self, asked: Option<&Self>) -> String {
        let is_asked = |key: &str| asked.is_some_and(|asked| !asked.values(key).is_empty());
        let details: Vec<_> = self
            .details
            .iter()
            .filter(|(key, _)| is_asked(key))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let indent = "  ".repeat(self.depth);
        if details.is_empty() {
            format!("{indent}{}", self.name)
        } else {
            format!("{indent}{} [{}]", self.name, details.join(", "))
        }
    }
}

/// Parses an expected tree. The error names the first invalid line.
pub(super) fn parse(text: &str) -> Result<Vec<Line>, String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let margin = lines.iter().map(|line| indent(line)).min().unwrap_or(0);
    lines
        .into_iter()
        .map(|line| {
            let (name, details) = split_details(line.trim())?;
            Ok(Line { depth: (indent(line) - margin) / 2, name: name.to_owned(), details })
        })
        .collect()
}

type Details = Vec<(String, String)>;

/// Removes `[key=value, …]` from the end of a line. Brackets without `=` belong to the name.
fn split_details(line: &str) -> Result<(&str, Details), String> {
    let Some((name, list)) = line.strip_suffix(']').and_then(|line| line.rsplit_once(" [")) else {
        return Ok((line, Vec::new()));
    };
    if !list.contains('=') {
        return Ok((line, Vec::new()));
    }
    let details = list.split(',').map(|detail| match detail.trim().split_once('=') {
        Some((key, value)) if KEYS.contains(&key) => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("unknown detail {detail:?} of {name:?}: known are {}", KEYS.join(", "))),
    });
    Ok((name.trim_end(), details.collect::<Result<_, _>>()?))
}

/// Returns the tree of `spans`, with siblings in the order of their starts. Orphans are marked.
pub(super) fn lines(spans: &[FinishedSpan]) -> Vec<Line> {
    let known: HashSet<SpanId> = spans.iter().map(|it| it.span.span_id).collect();
    let names: HashMap<SpanId, &str> =
        spans.iter().map(|it| (it.span.span_id, it.span.name.as_str())).collect();
    let mut sorted: Vec<&FinishedSpan> = spans.iter().collect();
    sorted.sort_by_key(|it| it.span.start_time_unix_nano);
    let is_top = |it: &&&FinishedSpan| !known.contains(&it.span.parent_span_id);
    let mut stack: Vec<(usize, &FinishedSpan)> =
        sorted.iter().filter(is_top).rev().map(|it| (0, *it)).collect();
    let mut lines = Vec::new();
    while let Some((depth, it)) = stack.pop() {
        let span = &it.span;
        let is_orphan = depth == 0 && !span.is_root() && !has_remote_parent(span.flags);
        let orphan = if is_orphan { " (orphan)" } else { "" };
        let name = format!("{}{orphan}", span.name);
        lines.push(Line { depth, name, details: details(it, &names) });
        let children = sorted.iter().filter(|child| child.span.parent_span_id == span.span_id);
        stack.extend(children.rev().map(|child| (depth + 1, *child)));
    }
    lines
}

fn has_remote_parent(flags: u32) -> bool {
    flags & 0x300 == 0x300
}

fn details(it: &FinishedSpan, names: &HashMap<SpanId, &str>) -> Details {
    let kind = match it.span.kind {
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    };
    let status = match it.span.status {
        StatusData::Unset => "unset",
        StatusData::Ok => "ok",
        StatusData::Error(_) => "error",
    };
    let mut details: Details = [(KIND, kind), (SERVICE, it.service_name()), (STATUS, status)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec();
    for (key, follows) in [(LINK, false), (FOLLOWS, true)] {
        let links = it.span.links.iter().filter(|link| link.is_follows_from() == follows);
        let targets: Vec<String> = links.map(|link| target(link, names)).collect();
        if targets.is_empty() {
            details.push((key.to_owned(), NONE.to_owned()));
        }
        details.extend(targets.into_iter().map(|target| (key.to_owned(), target)));
    }
    details
}

/// Returns the name of the linked span, or its id if it is not among the spans.
fn target(link: &LinkData, names: &HashMap<SpanId, &str>) -> String {
    names.get(&link.span_id).map_or_else(|| format!("{:x}", link.span_id), |name| (*name).to_owned())
}

/// Returns `lines` as text: names, indented by two spaces a level.
pub(super) fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.only_what(None) + "\n").collect()
}

/// Compares a tree with the expected one. The error is a line difference: `-` expected, `+` found.
pub(super) fn compare(expected: &[Line], found: &[Line]) -> Result<(), String> {
    let pairs = longest_common(expected, found);
    if pairs.len() == expected.len() && pairs.len() == found.len() {
        return Ok(());
    }
    let mut text = String::new();
    let (mut at, mut found_at) = (0, 0);
    for &(next, found_next) in pairs.iter().chain([&(expected.len(), found.len())]) {
        let (gone, come) = (&expected[at..next], &found[found_at..found_next]);
        for line in gone {
            text += &format!("- {}\n", line.only_what(Some(line)));
        }
        for (index, line) in come.iter().enumerate() {
            text += &format!("+ {}\n", line.only_what(gone.get(index)));
        }
        if let Some(line) = expected.get(next) {
            text += &format!("  {}\n", line.only_what(Some(line)));
        }
        (at, found_at) = (next + 1, found_next + 1);
    }
    Err(text)
}

/// Returns the positions of the lines of a longest common subsequence.
fn longest_common(expected: &[Line], found: &[Line]) -> Vec<(usize, usize)> {
    let (rows, columns) = (expected.len(), found.len());
    let mut lengths = vec![vec![0_usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            lengths[row][column] = if expected[row].fits(&found[column]) {
                lengths[row + 1][column + 1] + 1
            } else {
                lengths[row + 1][column].max(lengths[row][column + 1])
            };
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < rows && column < columns {
        if expected[row].fits(&found[column]) {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if lengths[row + 1][column] >= lengths[row][column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_the_last_brackets_with_a_key() {
        for (line, name, details) in [
            ("GET /a", "GET /a", vec![]),
            ("GET [x]", "GET [x]", vec![]),
            ("GET [x] [kind=server]", "GET [x]", vec![("kind", "server")]),
            (
                "a [kind=client, service=b, link=c]",
                "a",
                vec![("kind", "client"), ("service", "b"), ("link", "c")],
            ),
        ] {
            let expected =
                details.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            assert_eq!(split_details(line), Ok((name, expected)), "{line}");
        }
        assert!(split_details("a [colour=red]").unwrap_err().contains("colour=red"));
    }

    #[test]
    fn a_difference_shows_expected_and_found_lines() {
        let line = |depth, name: &str, kind: &str| Line {
            depth,
            name: name.to_owned(),
            details: vec![(KIND.to_owned(), kind.to_owned()), (SERVICE.to_owned(), "shop".to_owned())],
        };
        let found = [line(0, "a", "server"), line(1, "b", "client"), line(1, "x", "client")];
        let expected = parse("a [kind=server]\n  b [kind=server]\n  c").unwrap();
        let difference = compare(&expected, &found).unwrap_err();
        assert_eq!(difference, "  a [kind=server]\n-   b [kind=server]\n-   c\n+   b [kind=client]\n+   x\n");
        let expected = parse("a\n  b [service=shop]\n  x").unwrap();
        assert_eq!(compare(&expected, &found), Ok(()));
    }
}
