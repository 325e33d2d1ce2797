//! The critical path of a trace: the spans that it waited for, one at each moment.

use serde::Serialize;
use trace_view::{SpanTree, critical_path_of};

use super::chain;
use super::schedule::Schedule;
use crate::model::{Trace, Tree};

impl SpanTree for Tree<'_> {
    fn len(&self) -> usize {
        Tree::len(self)
    }

    fn times(&self, span: usize) -> (u64, u64) {
        Tree::times(self, span)
    }

    fn children(&self, span: usize) -> &[usize] {
        Tree::children(self, span)
    }

    fn is_awaited(&self, span: usize) -> bool {
        Tree::is_awaited(self, span)
    }
}

/// A part of the critical path, in which the trace waited for one span itself and not for one below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PathSection {
    /// The span, as an index in its trace.
    #[serde(skip)]
    pub span: usize,
    /// The id of the span, in hex.
    pub span_id: String,
    /// The service.
    pub service: String,
    /// The name of the span.
    pub name: String,
    /// The start, in nanoseconds since the Unix epoch.
    pub start: u64,
    /// The end, in nanoseconds since the Unix epoch.
    pub end: u64,
}

/// The part of the critical path that a service itself takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServiceShare {
    /// The service.
    pub service: String,
    /// The nanoseconds on the critical path.
    pub nanos: u64,
    /// The share of the path, 0 to 1.
    pub share: f64,
    /// The nanoseconds by which the trace would be shorter if the service took no time (its drag).
    pub drag: u64,
}

/// The critical path of one trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CriticalPath {
    /// The id of the trace, in hex.
    pub trace_id: String,
    /// The duration of the span that the path covers, in nanoseconds.
    pub duration: u64,
    /// Whether the trace has no root, so that the path covers only the part below its longest span.
    pub is_partial: bool,
    /// The sections, by start. They cover the span without gaps or overlaps.
    pub sections: Vec<PathSection>,
    /// The services, the one with the largest share first.
    pub services: Vec<ServiceShare>,
    /// The dominant chain of services: from the root to the callee that the path spends most time in or below, as
    /// long as that is at least half of the time of its caller.
    pub chain: Vec<String>,
    /// The chain that would dominate if the calls of [`chain`](Self::chain) were faster, where calls overlap; empty if none do.
    /// It is inferred from timing.
    pub alternative_chain: Vec<String>,
}

impl CriticalPath {
    /// Returns the critical path of a trace. It is empty for a trace without spans.
    #[must_use]
    pub fn new(tree: &Tree<'_>) -> Self {
        let mut path = Self {
            trace_id: format!("{:032x}", tree.trace().id()),
            duration: 0,
            is_partial: !tree.has_root(),
            sections: Vec::new(),
            services: Vec::new(),
            chain: Vec::new(),
            alternative_chain: Vec::new(),
        };
        let Some(main) = tree.main() else { return path };
        path.duration = tree.duration(main);
        let sections = critical_path_of(tree, main);
        path.sections = sections.iter().map(|it| section(tree, it.node, it.start, it.end)).collect();
        path.services = services(tree, main, &path);
        let mut own = vec![0u64; tree.len()];
        sections.iter().for_each(|it| own[it.node] += it.end - it.start);
        let dominant = chain::dominant(tree, main, own);
        path.chain = chain::services(tree, &dominant);
        let alternative = chain::alternative(tree, &dominant);
        path.alternative_chain = alternative.map_or(Vec::new(), |it| chain::services(tree, &it));
        path
    }

    /// Returns the share of the path that a service itself takes: 0 to 1, and 0 if it is not on the path.
    #[must_use]
    pub fn share(&self, service: &str) -> f64 {
        self.services.iter().find(|it| it.service == service).map_or(0.0, |it| it.share)
    }

    /// Returns the nanoseconds of the path that a service itself takes.
    #[must_use]
    pub fn nanos(&self, service: &str) -> u64 {
        self.services.iter().find(|it| it.service == service).map_or(0, |it| it.nanos)
    }
}

impl From<Trace<'_>> for CriticalPath {
    fn from(trace: Trace<'_>) -> Self {
        Self::new(&Tree::new(trace))
    }
}

fn section(tree: &Tree<'_>, span: usize, start: u64, end: u64) -> PathSection {
    let it = tree.span(span);
    let (service, name) = (it.service().to_owned(), it.name().to_owned());
    PathSection { span, span_id: format!("{:016x}", it.id()), service, name, start, end }
}

/// Returns `part / whole`, and 0 for a whole of 0.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn services(tree: &Tree<'_>, main: usize, path: &CriticalPath) -> Vec<ServiceShare> {
    let mut services: Vec<ServiceShare> = Vec::new();
    for section in &path.sections {
        let nanos = section.end - section.start;
        match services.iter_mut().find(|it| it.service == section.service) {
            Some(known) => known.nanos += nanos,
            None => {
                services.push(ServiceShare { service: section.service.clone(), nanos, share: 0.0, drag: 0 })
            }
        }
    }
    let schedule = Schedule::new(tree, main);
    for service in &mut services {
        service.share = ratio(service.nanos, path.duration);
        service.drag = path.duration.saturating_sub(schedule.without(&service.service));
    }
    services.sort_by(|a, b| b.nanos.cmp(&a.nanos).then_with(|| a.service.cmp(&b.service)));
    services
}
