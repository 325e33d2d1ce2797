//! Errors: their causes, how they spread, where they were handled, and which services were not called because of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::critical_path::ratio;
use super::dependencies::invocations;
use super::merge::{Merge, entry};
use crate::model::{Kind, SpanRef, Trace, Tree, Weight};

/// How many example traces of a cause are kept.
const EXAMPLES: usize = 3;
/// How many levels up an error is followed, to bound the work for malicious traces.
const MAX_HOPS: usize = 1_000;
/// The share of successful traces that must contain a callee for it to be expected.
const EXPECTED: f64 = 0.8;

/// The cause of an error in one trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cause {
    /// The span, as an index in its trace.
    #[serde(skip)]
    pub span: usize,
    /// The service that failed first.
    pub service: String,
    /// The name of its span.
    pub operation: String,
    /// The class of the error, empty when unknown.
    pub error_type: String,
    /// The message, often empty.
    pub message: String,
    /// The services through which the error spread, from the cause to the last span that failed.
    pub chain: Vec<String>,
    /// Whether the error reached the root of the trace.
    pub reached_root: bool,
    /// The span that handled the error, if one did: its service and name.
    pub handled_by: Option<(String, String)>,
    /// Whether a later call like the failed one succeeded.
    pub retried: bool,
}

/// Returns the causes of the errors of a trace: failed spans whose awaited children all succeeded.
#[must_use]
pub fn causes(trace: Trace<'_>) -> Vec<Cause> {
    causes_of(&Tree::new(trace))
}

pub(crate) fn causes_of(tree: &Tree<'_>) -> Vec<Cause> {
    let failed = |span: usize| has_failed(tree, span);
    let is_cause = |&span: &usize| {
        failed(span)
            && !tree.is_copy(span)
            && !tree.children(span).iter().any(|&it| failed(it) && tree.is_awaited(it))
    };
    (0..tree.len()).filter(is_cause).map(|span| cause(tree, span)).collect()
}

/// Returns whether a span failed. This includes server spans of failed calls that answered with a client error, because
/// servers leave the status of such spans unset.
fn has_failed(tree: &Tree<'_>, span: usize) -> bool {
    let it = tree.span(span);
    if it.is_failed() || it.kind() != Kind::Server {
        return it.is_failed();
    }
    let caller = tree.parent_index(span).map(|it| tree.span(it));
    caller.is_some_and(|it| it.is_failed() && it.kind() == Kind::Client) && has_error_code(&it)
}

fn has_error_code(span: &SpanRef<'_>) -> bool {
    let http = span.first_text(&["http.response.status_code", "http.status_code"]);
    let rpc = span.first_text(&["rpc.response.status_code", "rpc.grpc.status_code"]);
    http.is_some_and(|code| code.parse().is_ok_and(|code: u32| code >= 400))
        || rpc.is_some_and(|code| !matches!(&*code, "OK" | "0"))
        || span.text("error.type").is_some()
}

fn cause(tree: &Tree<'_>, span: usize) -> Cause {
    let it = tree.span(span);
    let mut chain: Vec<&str> = Vec::new();
    // In a failed call of a callee without spans, the callee failed, not the caller.
    let callee = uninstrumented(tree, span);
    if let Some(callee) = &callee {
        chain.push(callee);
    }
    let (mut last, mut handled_by) = (span, None);
    let mut next = Some(span);
    for _ in 0..MAX_HOPS {
        let Some(index) = next else { break };
        let above = tree.span(index);
        if !has_failed(tree, index) {
            handled_by = Some((above.service().to_owned(), above.name().to_owned()));
            break;
        }
        if chain.last() != Some(&above.service()) {
            chain.push(above.service());
        }
        last = index;
        next = tree.parent_index(index);
    }
    let chain = chain.into_iter().map(str::to_owned).collect();
    Cause {
        span,
        service: callee.as_deref().unwrap_or(it.service()).to_owned(),
        operation: it.name().to_owned(),
        error_type: it.error_type().into_owned(),
        message: it.message().to_owned(),
        chain,
        reached_root: handled_by.is_none() && tree.parent_index(last).is_none(),
        handled_by,
        retried: was_retried(tree, last),
    }
}

/// The callee of a failed call that recorded no span.
fn uninstrumented<'a>(tree: &Tree<'a>, span: usize) -> Option<std::borrow::Cow<'a, str>> {
    let it = tree.span(span);
    if it.kind() != Kind::Client || !tree.children(span).is_empty() {
        return None;
    }
    if super::call::is_database(&it) {
        Some(super::call::database_name(&it))
    } else {
        super::call::peer_name(&it)
    }
}

/// Whether a later sibling with the same name succeeded.
fn was_retried(tree: &Tree<'_>, span: usize) -> bool {
    let it = tree.span(span);
    let Some(parent) = tree.parent_index(span) else { return false };
    tree.children(parent).iter().map(|&other| tree.span(other)).any(|other| {
        !other.is_failed()
            && other.kind() == it.kind()
            && other.name_text() == it.name_text()
            && other.start() >= it.end()
    })
}

/// Errors with one cause: a service, an operation and a class of error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CauseGroup {
    /// The number of traces.
    pub traces: u64,
    /// The number of traces that these represent, by the sampling thresholds.
    pub adjusted: Weight,
    /// The number of traces whose root failed.
    pub reached_root: u64,
    /// The number of traces in which the error was handled.
    pub handled: u64,
    /// The number of traces in which a later attempt succeeded.
    pub retried: u64,
    /// The chains of services through which the error spread, and the number of traces.
    pub chains: BTreeMap<String, u64>,
    /// A few messages, and the number of traces with each.
    pub messages: BTreeMap<String, u64>,
    /// Example traces: those with the smallest ids.
    pub examples: Vec<String>,
    /// The roots of the failed traces, and by root which services were called.
    pub(crate) roots: BTreeMap<String, Calls>,
}

/// The services that the traces of one root call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Calls {
    pub(crate) traces: u64,
    /// By caller and callee: the number of traces with a call, and the sum of the ranks of the first call among those
    /// of the same caller.
    pub(crate) edges: BTreeMap<String, BTreeMap<String, (u64, u64)>>,
}

impl Merge for Calls {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.edges.merge_from(other.edges);
    }
}

impl Merge for CauseGroup {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.adjusted += other.adjusted;
        self.reached_root += other.reached_root;
        self.handled += other.handled;
        self.retried += other.retried;
        self.chains.merge_from(other.chains);
        self.messages.merge_from(other.messages);
        self.messages = std::mem::take(&mut self.messages).into_iter().take(EXAMPLES).collect();
        self.examples.extend(other.examples);
        self.examples.sort();
        self.examples.dedup();
        self.examples.truncate(EXAMPLES);
        self.roots.merge_from(other.roots);
    }
}

/// The errors of many traces.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorSummary {
    /// The number of traces.
    pub traces: u64,
    /// The number of traces with a failed span.
    pub with_errors: u64,
    /// The number of traces whose root failed.
    pub failed: u64,
    /// Causes by service, operation and class of error, in that order, joined by tabs.
    pub causes: BTreeMap<String, CauseGroup>,
    /// By root, the services that traces without errors call.
    pub(crate) good: BTreeMap<String, Calls>,
}

impl Merge for ErrorSummary {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.with_errors += other.with_errors;
        self.failed += other.failed;
        self.causes.merge_from(other.causes);
        self.good.merge_from(other.good);
    }
}

/// A service that was not called because of an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NotCalled {
    /// The service that would have called.
    pub caller: String,
    /// The service that was not called.
    pub callee: String,
    /// The share of successful traces with the call: 0 to 1.
    pub expected: f64,
}

impl ErrorSummary {
    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        self.traces += 1;
        let Some(main) = tree.main() else { return };
        self.failed += u64::from(tree.span(main).is_failed());
        let causes = causes_of(tree);
        let root = root_name(tree.span(main));
        if causes.is_empty() {
            add_calls(entry(&mut self.good, &root), tree);
            return;
        }
        self.with_errors += 1;
        let mut groups: BTreeMap<String, CauseGroup> = BTreeMap::new();
        for cause in &causes {
            let key = format!("{}\t{}\t{}", cause.service, cause.operation, cause.error_type);
            let group = groups.entry(key).or_insert_with(|| new_group(tree, main, &root));
            group.handled |= u64::from(cause.handled_by.is_some());
            group.retried |= u64::from(cause.retried);
            group.chains.entry(cause.chain.join(" → ")).or_insert(1);
            if !cause.message.is_empty() {
                group.messages.entry(cause.message.clone()).or_insert(1);
            }
        }
        self.causes.merge_from(groups);
    }

    /// Returns causes and their groups, the most frequent first.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&str, &CauseGroup)> {
        let mut all: Vec<_> = self.causes.iter().map(|(key, group)| (&**key, group)).collect();
        all.sort_by(|a, b| {
            (b.1.reached_root, b.1.traces).cmp(&(a.1.reached_root, a.1.traces)).then(a.0.cmp(b.0))
        });
        all
    }

    /// Returns the services that successful traces call after the failed callee, and that the traces of this cause do not
    /// call.
    #[must_use]
    pub fn not_called(&self, group: &CauseGroup) -> Vec<NotCalled> {
        let mut found = Vec::new();
        let failed: Vec<&str> = group.chains.keys().flat_map(|chain| chain.split(" → ")).collect();
        for (root, bad) in &group.roots {
            let Some(good) = self.good.get(root) else { continue };
            for (caller, callees) in &good.edges {
                let rank = |callee: &str| callees.get(callee).map(|&(count, ranks)| ratio(ranks, count));
                let failed_rank = failed.iter().filter_map(|it| rank(it)).reduce(f64::min);
                let Some(failed_rank) = failed_rank else { continue };
                for (callee, &(count, ranks)) in callees {
                    let expected = ratio(count, good.traces);
                    let called = bad.edges.get(caller).is_some_and(|it| it.contains_key(callee));
                    let is_later = ratio(ranks, count) > failed_rank;
                    if expected >= EXPECTED && !called && is_later {
                        found.push(NotCalled { caller: caller.clone(), callee: callee.clone(), expected });
                    }
                }
            }
        }
        found
    }
}

fn new_group(tree: &Tree<'_>, main: usize, root: &str) -> CauseGroup {
    let trace = tree.trace();
    let mut calls = Calls::default();
    add_calls(&mut calls, tree);
    CauseGroup {
        traces: 1,
        adjusted: trace.weight(),
        reached_root: u64::from(tree.span(main).is_failed()),
        examples: vec![format!("{:032x}", trace.id())],
        roots: BTreeMap::from([(root.to_owned(), calls)]),
        ..CauseGroup::default()
    }
}

/// The name of the kind of request that a trace is: service and name of its root.
pub(crate) fn root_name(span: SpanRef<'_>) -> String {
    format!("{} {}", span.service(), span.name())
}

/// Adds which services call which in a trace, in the order of their first calls.
fn add_calls(calls: &mut Calls, tree: &Tree<'_>) {
    calls.traces += 1;
    let heads = invocations(tree);
    // Spans are ordered by start, and so are the callees of each caller.
    let mut callees: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (span, &head) in heads.iter().enumerate() {
        let (caller, callee) = match tree.parent_index(span) {
            Some(parent) if head == span => {
                (tree.span(parent).service(), tree.span(span).service().to_owned())
            }
            _ => match uninstrumented(tree, span) {
                Some(callee) => (tree.span(span).service(), callee.into_owned()),
                None => continue,
            },
        };
        let known = callees.entry(caller).or_default();
        if !known.contains(&callee) {
            known.push(callee);
        }
    }
    for (caller, callees) in callees {
        let edges = entry(&mut calls.edges, caller);
        for (rank, callee) in callees.iter().enumerate() {
            entry(edges, callee).merge_from((1, rank as u64));
        }
    }
}
