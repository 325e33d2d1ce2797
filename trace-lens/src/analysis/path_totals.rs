//! Where the time goes: the critical paths of many traces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trace_view::critical_path_of;

use super::merge::{Merge, entry};
use crate::model::Tree;

/// The time that spans take on critical paths.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PathTotals {
    /// The number of traces.
    pub traces: u64,
    /// The number of traces without a root, whose path is partial.
    pub partial: u64,
    /// The nanoseconds of all paths.
    pub total: u64,
    /// Nanoseconds by service, then by name of the span.
    pub services: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Merge for PathTotals {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.partial += other.partial;
        self.total = self.total.saturating_add(other.total);
        self.services.merge_from(other.services);
    }
}

impl PathTotals {
    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        let Some(main) = tree.main() else { return };
        self.traces += 1;
        self.partial += u64::from(!tree.has_root());
        for section in critical_path_of(tree, main) {
            let span = tree.span(section.node);
            let nanos = section.end - section.start;
            *entry(entry(&mut self.services, span.service()), span.name()) += nanos;
            self.total = self.total.saturating_add(nanos);
        }
    }

    /// Returns service, name and nanoseconds, the largest first.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&str, &str, u64)> {
        let services = self.services.iter();
        let mut all: Vec<_> = services
            .flat_map(|(service, names)| names.iter().map(move |(name, &nanos)| (&**service, &**name, nanos)))
            .collect();
        all.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (a.0, a.1).cmp(&(b.0, b.1))));
        all
    }

    /// Returns services and nanoseconds, the largest first.
    #[must_use]
    pub fn by_service(&self) -> Vec<(&str, u64)> {
        let sum =
            |names: &BTreeMap<String, u64>| names.values().fold(0u64, |sum, it| sum.saturating_add(*it));
        let mut all: Vec<_> = self.services.iter().map(|(service, names)| (&**service, sum(names))).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        all
    }
}
