//! Patterns that cost time: repeated queries, sequential calls, retries, chatty services.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::is_database;
use super::merge::{Merge, entry};
use crate::model::{Kind, Tree};

/// The number of similar sequential calls above which they are reported.
pub const MANY: u64 = 10;
/// The number of failed attempts of a call above which they are reported as a retry storm.
const RETRIES: u64 = 3;
/// How many example traces of a pattern are kept.
const EXAMPLES: usize = 3;

/// The kind of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PatternKind {
    /// More than ten similar queries, one after the other, that a single query could replace.
    RepeatedQuery,
    /// More than ten similar calls of a service, one after the other.
    ChattyCalls,
    /// Different calls, one after the other, that could run in parallel. This is inferred from timing.
    SerialCalls,
    /// Several failed attempts of one call.
    RetryStorm,
}

impl PatternKind {
    /// Returns the name for text output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RepeatedQuery => "repeated query (N+1)",
            Self::ChattyCalls => "chatty calls",
            Self::SerialCalls => "serial calls that could run in parallel (inferred from timing)",
            Self::RetryStorm => "retry storm",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::RepeatedQuery => "repeated_query",
            Self::ChattyCalls => "chatty_calls",
            Self::SerialCalls => "serial_calls",
            Self::RetryStorm => "retry_storm",
        }
    }
}

/// How often a pattern occurs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pattern {
    /// The number of traces with it.
    pub traces: u64,
    /// The number of spans that are part of it.
    pub spans: u64,
    /// The largest number of spans in one occurrence.
    pub most: u64,
    /// The nanoseconds that could be saved: for calls that could run in parallel, all but the longest.
    pub nanos: u64,
    /// Example traces: those with the smallest ids.
    pub examples: Vec<String>,
}

impl Merge for Pattern {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.spans += other.spans;
        self.most = self.most.max(other.most);
        self.nanos = self.nanos.saturating_add(other.nanos);
        self.examples.extend(other.examples);
        self.examples.sort();
        self.examples.dedup();
        self.examples.truncate(EXAMPLES);
    }
}

/// The patterns of many traces.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Patterns {
    /// By kind, and by the service and the name of what is called.
    pub found: BTreeMap<String, BTreeMap<String, Pattern>>,
}

impl Merge for Patterns {
    fn merge_from(&mut self, other: Self) {
        self.found.merge_from(other.found);
    }
}

impl Patterns {
    /// Returns the patterns of one kind: service and name, and how often; the most costly first.
    #[must_use]
    pub fn of(&self, kind: PatternKind) -> Vec<(&str, &Pattern)> {
        let found = self.found.get(kind.key()).into_iter().flatten();
        let mut all: Vec<_> = found.map(|(what, pattern)| (&**what, pattern)).collect();
        all.sort_by(|a, b| (b.1.nanos, b.1.spans).cmp(&(a.1.nanos, a.1.spans)).then(a.0.cmp(b.0)));
        all
    }

    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        let mut here = Self::default();
        for parent in 0..tree.len() {
            let children = tree.children(parent);
            if children.len() > 1 {
                here.runs(tree, parent, children);
                here.serial(tree, parent, children);
            }
        }
        // A trace counts once, however often it shows a pattern.
        for pattern in here.found.values_mut().flat_map(BTreeMap::values_mut) {
            pattern.traces = 1;
        }
        self.merge_from(here);
    }

    fn note(&mut self, tree: &Tree<'_>, kind: PatternKind, what: &str, spans: u64, nanos: u64) {
        let examples = vec![format!("{:032x}", tree.trace().id())];
        let pattern = Pattern { traces: 1, spans, most: spans, nanos, examples };
        entry(entry(&mut self.found, kind.key()), what).merge_from(pattern);
    }

    /// Similar calls, each begun after the one before it ended.
    fn runs(&mut self, tree: &Tree<'_>, parent: usize, children: &[usize]) {
        let mut by_name: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        for &child in children {
            let it = tree.span(child);
            if is_call(tree, child) {
                by_name.entry((it.name_text().0, it.service_text().0)).or_default().push(child);
            }
        }
        for same in by_name.values().filter(|it| it.len() > 1) {
            let mut sequence: Vec<usize> = Vec::new();
            for &span in same {
                if sequence.last().is_none_or(|&last| tree.times(last).1 <= tree.times(span).0) {
                    sequence.push(span);
                }
            }
            let first = tree.span(same[0]);
            let what = format!("{} → {}", tree.span(parent).service(), first.name());
            let count = sequence.len() as u64;
            let nanos = sequence[1..].iter().map(|&it| tree.duration(it)).sum();
            let failed = sequence.iter().filter(|&&it| tree.span(it).is_failed()).count() as u64;
            if failed >= RETRIES {
                self.note(tree, PatternKind::RetryStorm, &what, count, nanos);
            } else if count > MANY && is_database(&first) {
                self.note(tree, PatternKind::RepeatedQuery, &what, count, nanos);
            } else if count > MANY {
                self.note(tree, PatternKind::ChattyCalls, &what, count, nanos);
            }
        }
    }

    /// Finds calls of different services, one after the other, without a visible dependency between them.
    fn serial(&mut self, tree: &Tree<'_>, parent: usize, children: &[usize]) {
        let calls: Vec<usize> = children
            .iter()
            .copied()
            .filter(|&it| tree.span(it).kind() == Kind::Client && tree.is_awaited(it))
            .collect();
        let mut names: Vec<&str> = calls.iter().map(|&it| tree.span(it).name()).collect();
        names.sort_unstable();
        names.dedup();
        let in_sequence = calls.windows(2).all(|pair| tree.times(pair[0]).1 <= tree.times(pair[1]).0);
        let has_failed = calls.iter().any(|&it| tree.span(it).is_failed());
        let is_read = |&it: &usize| {
            let method = tree.span(it).first_text(&["http.request.method", "http.method"]);
            method.is_some_and(|method| matches!(&*method, "GET" | "HEAD"))
        };
        if calls.len() < 2
            || names.len() != calls.len()
            || !in_sequence
            || has_failed
            || !calls.iter().all(is_read)
        {
            return;
        }
        let times: Vec<u64> = calls.iter().map(|&it| tree.duration(it)).collect();
        let longest = times.iter().copied().max().unwrap_or(0);
        let what = format!("{} → {}", tree.span(parent).service(), names.join(", "));
        self.note(
            tree,
            PatternKind::SerialCalls,
            &what,
            calls.len() as u64,
            times.iter().sum::<u64>() - longest,
        );
    }
}

fn is_call(tree: &Tree<'_>, span: usize) -> bool {
    let it = tree.span(span);
    matches!(it.kind(), Kind::Client | Kind::Producer) || is_database(&it)
}
