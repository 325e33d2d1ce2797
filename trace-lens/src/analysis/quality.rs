//! Problems of the instrumentation, with examples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::peer_name;
use super::errors::root_name;
use super::merge::{Merge, entry};
use super::names::has_id;
use crate::model::{Kind, Tree, threshold};

/// How many examples of a finding are kept.
const EXAMPLES: usize = 3;

/// The kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// A span whose parent is not in the trace. The parent may be unsampled, not exported, or in another file.
    Orphan,
    /// A trace with several roots, where one service calls another.
    BrokenContext,
    /// A trace without a root.
    NoRoot,
    /// A span that ends before it starts.
    NegativeDuration,
    /// A child that takes longer than its parent, which waits for it.
    LongerThanParent,
    /// A child that begins before its parent or ends after it, on another host: clocks differ.
    OutsideParent,
    /// Several spans with one id.
    DuplicateId,
    /// A span that is its own ancestor.
    Cycle,
    /// A span without a service.
    NoService,
    /// A span without a name.
    NoName,
    /// A name that contains an id, which makes the number of names unbounded.
    IdInName,
    /// Spans of one trace whose sampling thresholds differ.
    Sampling,
    /// A service that is called, but is never seen to record a span.
    NotInstrumented,
    /// A span of kind client or server without the attribute that says how the call ended.
    MissingAttribute,
}

impl FindingKind {
    /// All kinds, the most severe first.
    pub const ALL: [Self; 14] = [
        Self::BrokenContext,
        Self::Orphan,
        Self::NoRoot,
        Self::Cycle,
        Self::DuplicateId,
        Self::NegativeDuration,
        Self::OutsideParent,
        Self::LongerThanParent,
        Self::Sampling,
        Self::NotInstrumented,
        Self::NoService,
        Self::NoName,
        Self::IdInName,
        Self::MissingAttribute,
    ];

    /// Returns the name for text output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Orphan => "spans whose parent is missing",
            Self::BrokenContext => "traces that broke at a call",
            Self::NoRoot => "traces without a root",
            Self::NegativeDuration => "spans that end before they start",
            Self::LongerThanParent => "spans longer than their parent",
            Self::OutsideParent => "spans outside their parent's time",
            Self::DuplicateId => "spans that share their id",
            Self::Cycle => "spans that are their own ancestors",
            Self::NoService => "spans without a service",
            Self::NoName => "spans without a name",
            Self::IdInName => "names with an id in them",
            Self::Sampling => "traces with differing sampling thresholds",
            Self::NotInstrumented => "services that are called but record no spans",
            Self::MissingAttribute => "calls without a status code",
        }
    }

    /// Returns the name in JSON.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Orphan => "orphan",
            Self::BrokenContext => "broken_context",
            Self::NoRoot => "no_root",
            Self::NegativeDuration => "negative_duration",
            Self::LongerThanParent => "longer_than_parent",
            Self::OutsideParent => "outside_parent",
            Self::DuplicateId => "duplicate_id",
            Self::Cycle => "cycle",
            Self::NoService => "no_service",
            Self::NoName => "no_name",
            Self::IdInName => "id_in_name",
            Self::Sampling => "sampling",
            Self::NotInstrumented => "not_instrumented",
            Self::MissingAttribute => "missing_attribute",
        }
    }
}

/// The occurrences of a finding in one place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The number of spans, or of traces where the finding is about traces.
    pub count: u64,
    /// Examples with trace ids: the first ones in alphabetical order.
    pub evidence: Vec<String>,
}

impl Merge for Finding {
    fn merge_from(&mut self, other: Self) {
        self.count += other.count;
        self.evidence.extend(other.evidence);
        self.evidence.sort();
        self.evidence.dedup();
        self.evidence.truncate(EXAMPLES);
    }
}

/// The findings of many traces.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quality {
    /// The number of spans.
    pub spans: u64,
    /// The number of traces.
    pub traces: u64,
    /// Findings by kind (as in [`FindingKind::key`]), then by place: a service, or a hop between two.
    pub findings: BTreeMap<String, BTreeMap<String, Finding>>,
    /// Services that recorded a span, and the number of spans.
    pub services: BTreeMap<String, u64>,
    /// Services that were called without recording a span, and the number of calls.
    pub(crate) called: BTreeMap<String, u64>,
    /// The numbers of spans of the traces of each root.
    pub(crate) sizes: BTreeMap<String, BTreeMap<u64, u64>>,
}

impl Merge for Quality {
    fn merge_from(&mut self, other: Self) {
        self.spans += other.spans;
        self.traces += other.traces;
        self.findings.merge_from(other.findings);
        self.services.merge_from(other.services);
        self.called.merge_from(other.called);
        self.sizes.merge_from(other.sizes);
    }
}

impl Quality {
    fn note(&mut self, kind: FindingKind, place: &str, evidence: impl FnOnce() -> String) {
        let finding = entry(entry(&mut self.findings, kind.key()), place);
        finding.merge_from(Finding { count: 1, evidence: vec![evidence()] });
    }

    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        self.traces += 1;
        self.spans += tree.len() as u64;
        for span in 0..tree.len() {
            self.span(tree, span);
        }
        for &span in tree.duplicates() {
            self.note(FindingKind::DuplicateId, tree.span(span).service(), || place(tree, span));
        }
        for &span in tree.cycles() {
            self.note(FindingKind::Cycle, tree.span(span).service(), || place(tree, span));
        }
        self.roots(tree);
        self.sampling(tree);
        if let Some(main) = tree.main() {
            let sizes = entry(&mut self.sizes, &root_name(tree.span(main)));
            *sizes.entry(tree.len() as u64).or_default() += 1;
        }
    }

    fn span(&mut self, tree: &Tree<'_>, span: usize) {
        let it = tree.span(span);
        let service = it.service();
        *entry(&mut self.services, service) += 1;
        if service.is_empty() {
            self.note(FindingKind::NoService, service, || place(tree, span));
        }
        if it.name().is_empty() {
            self.note(FindingKind::NoName, service, || place(tree, span));
        } else if has_id(it.name()) {
            self.note(FindingKind::IdInName, service, || format!("{:?}", it.name()));
        }
        if it.raw_end() < it.start() {
            self.note(FindingKind::NegativeDuration, service, || place(tree, span));
        }
        if let Some(parent) = tree.parent_index(span).filter(|_| tree.is_awaited(span)) {
            self.timing(tree, parent, span);
        } else if tree.parent(span) == crate::model::Parent::Missing
            && tree.cycles().binary_search(&span).is_err()
        {
            self.note(FindingKind::Orphan, service, || place(tree, span));
        }
        let is_http = it.attribute("http.request.method").or_else(|| it.attribute("http.method")).is_some();
        let status = ["http.response.status_code", "http.status_code", "error.type"];
        if is_http && !it.is_failed() && it.first_text(&status).is_none() {
            self.note(FindingKind::MissingAttribute, service, || place(tree, span));
        }
        if it.kind() == Kind::Client
            && tree.children(span).is_empty()
            && !super::call::is_database(&it)
            && let Some(peer) = peer_name(&it)
        {
            *entry(&mut self.called, &peer) += 1;
        }
    }

    fn timing(&mut self, tree: &Tree<'_>, parent: usize, span: usize) {
        // Uses the recorded times, because corrected times would hide problems.
        let raw = |span: usize| (tree.span(span).start(), tree.span(span).end());
        let ((from, to), (start, end)) = (raw(parent), raw(span));
        let hop = || format!("{} → {}", tree.span(parent).service(), tree.span(span).service());
        if end - start > to - from {
            self.note(FindingKind::LongerThanParent, &hop(), || place(tree, span));
        } else if (start < from || end > to) && tree.span(parent).host() != tree.span(span).host() {
            self.note(FindingKind::OutsideParent, &hop(), || place(tree, span));
        }
    }

    /// A trace with several roots broke at a call; the last client span before a root names the hop.
    fn roots(&mut self, tree: &Tree<'_>) {
        if !tree.has_root() && !tree.is_empty() {
            let main = tree.main().unwrap_or(0);
            self.note(FindingKind::NoRoot, tree.span(main).service(), || place(tree, main));
        }
        let Some(main) = tree.main() else { return };
        for root in tree.roots().filter(|&it| it != main).take(EXAMPLES) {
            let it = tree.span(root);
            let (start, end) = tree.times(root);
            let caller = (0..tree.len()).find(|&span| {
                let (from, to) = tree.times(span);
                let is_open = tree.span(span).kind() == Kind::Client && tree.children(span).is_empty();
                is_open && from <= start && end <= to
            });
            let (hop, last) = match caller {
                Some(span) => {
                    (format!("{} → {}", tree.span(span).service(), it.service()), place(tree, span))
                }
                None => {
                    (format!("? → {}", it.service()), "no call without a recorded callee nearby".to_owned())
                }
            };
            let id = tree.trace().id();
            self.note(FindingKind::BrokenContext, &hop, || {
                format!(
                    "trace {id:032x}: root {:?} beside {:?}; last span seen: {last}",
                    it.name(),
                    tree.span(main).name()
                )
            });
        }
    }

    fn sampling(&mut self, tree: &Tree<'_>) {
        let mut found: Vec<(u64, &str)> = tree
            .trace()
            .spans()
            .filter(|it| !it.trace_state().is_empty())
            .filter_map(|it| threshold(it.trace_state()).map(|threshold| (threshold, it.service())))
            .collect();
        found.sort_unstable();
        found.dedup();
        if let (Some(first), Some(last)) = (found.first(), found.last())
            && first.0 != last.0
        {
            let hop = format!("{} / {}", first.1, last.1);
            let id = tree.trace().id();
            self.note(FindingKind::Sampling, &hop, || {
                format!("trace {id:032x}: thresholds {:014x} and {:014x}", first.0, last.0)
            });
        }
    }

    /// Returns the findings of all kinds, including those that only become visible over all traces.
    #[must_use]
    pub fn all(&self) -> Vec<(FindingKind, Vec<(String, Finding)>)> {
        let mut found = Vec::new();
        for kind in FindingKind::ALL {
            let mut of_kind: Vec<(String, Finding)> = match kind {
                FindingKind::NotInstrumented => self.not_instrumented(),
                _ => self
                    .findings
                    .get(kind.key())
                    .into_iter()
                    .flatten()
                    .map(|(at, it)| (at.clone(), it.clone()))
                    .collect(),
            };
            of_kind.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(&b.0)));
            if !of_kind.is_empty() {
                found.push((kind, of_kind));
            }
        }
        found
    }

    fn not_instrumented(&self) -> Vec<(String, Finding)> {
        let unseen = self.called.iter().filter(|(peer, _)| !self.services.contains_key(*peer));
        unseen
            .map(|(peer, &count)| {
                let evidence = vec![format!("{count} client spans name it as their peer")];
                (peer.clone(), Finding { count, evidence })
            })
            .collect()
    }

    /// Returns the number of findings of a kind.
    #[must_use]
    pub fn count(&self, kind: FindingKind) -> u64 {
        self.all().iter().filter(|(it, _)| *it == kind).flat_map(|(_, all)| all).map(|(_, it)| it.count).sum()
    }

    /// Returns the roots whose traces have less than half of their usual number of spans: root, such traces, all
    /// traces, and the usual number.
    #[must_use]
    pub fn incomplete(&self) -> Vec<(&str, u64, u64, u64)> {
        let mut found = Vec::new();
        for (root, sizes) in &self.sizes {
            let traces: u64 = sizes.values().sum();
            let mut seen = 0;
            let median = sizes.iter().find(|(_, count)| {
                seen += *count;
                seen * 2 >= traces
            });
            let usual = median.map_or(0, |(&size, _)| size);
            let small: u64 = sizes.range(..usual.div_ceil(2)).map(|(_, &count)| count).sum();
            // With few traces, the usual number of spans is not known.
            if small > 0 && traces >= 10 {
                found.push((&**root, small, traces, usual));
            }
        }
        found
    }
}

fn place(tree: &Tree<'_>, span: usize) -> String {
    let it = tree.span(span);
    format!("trace {:032x}, span {:016x}: {:?} of {:?}", it.trace_id(), it.id(), it.name(), it.service())
}
