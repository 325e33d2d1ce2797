//! Single points of failure: callees that most requests call and whose errors reach the root.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::call::{database_name, is_database, peer_name};
use super::critical_path::ratio;
use super::errors::root_name;
use super::merge::{Merge, entry};
use super::statistics::wilson;
use crate::model::{Kind, Tree};

/// The minimum number of failures for a conclusion.
const LEAST_FAILURES: u64 = 3;

/// How the errors of one callee relate to those of the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exposure {
    /// The number of traces that call it.
    pub traces: u64,
    /// The number of traces in which it failed.
    pub failed: u64,
    /// The number of traces in which it failed and the root failed too.
    pub reached: u64,
}

impl Merge for Exposure {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.failed += other.failed;
        self.reached += other.reached;
    }
}

/// The traces of one root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Root {
    traces: u64,
    callees: BTreeMap<String, Exposure>,
}

impl Merge for Root {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.callees.merge_from(other.callees);
    }
}

/// The callees of each root, and how often their errors reach it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FailurePoints {
    roots: BTreeMap<String, Root>,
}

impl Merge for FailurePoints {
    fn merge_from(&mut self, other: Self) {
        self.roots.merge_from(other.roots);
    }
}

/// A callee that most requests need.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FailurePoint {
    /// The root: service and name.
    pub root: String,
    /// The callee.
    pub callee: String,
    /// The share of the root's traces that call it: 0 to 1.
    pub share: f64,
    /// The counts behind the shares.
    pub exposure: Exposure,
    /// The share of its errors that reach the root: 0 to 1.
    pub reach: f64,
    /// The bounds of that share at 95 % confidence.
    pub reach_interval: (f64, f64),
}

impl FailurePoints {
    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        let Some(main) = tree.main().filter(|_| tree.has_root()) else { return };
        let root = tree.span(main);
        // Each callee counts once.
        let (mut called, mut failed) = (BTreeSet::new(), BTreeSet::new());
        for span in 0..tree.len() {
            let it = tree.span(span);
            let is_last = tree.children(span).is_empty();
            let callee = match tree.parent_index(span) {
                Some(parent) if tree.span(parent).service_text() != it.service_text() => {
                    it.service().to_owned()
                }
                _ if is_last && is_database(&it) => database_name(&it).into_owned(),
                _ if is_last && it.kind() == Kind::Client => match peer_name(&it) {
                    Some(peer) => peer.into_owned(),
                    None => continue,
                },
                _ => continue,
            };
            if it.is_failed() {
                failed.insert(callee.clone());
            }
            called.insert(callee);
        }
        let of_root = entry(&mut self.roots, &root_name(root));
        of_root.traces += 1;
        for callee in called {
            let failed = u64::from(failed.contains(&callee));
            let reached = failed * u64::from(root.is_failed());
            entry(&mut of_root.callees, &callee).merge_from(Exposure { traces: 1, failed, reached });
        }
    }

    /// Returns the callees that at least a share `called` of a root's traces call, and whose errors reach the root in at
    /// least a share `reach` of the cases. Callees that failed in fewer than three traces are left out, because this is too
    /// little data.
    #[must_use]
    pub fn find(&self, called: f64, reach: f64) -> Vec<FailurePoint> {
        let mut found = Vec::new();
        for (name, root) in &self.roots {
            for (callee, &exposure) in &root.callees {
                let point = FailurePoint {
                    root: name.clone(),
                    callee: callee.clone(),
                    share: ratio(exposure.traces, root.traces),
                    exposure,
                    reach: ratio(exposure.reached, exposure.failed),
                    reach_interval: wilson(exposure.reached, exposure.failed),
                };
                if exposure.failed >= LEAST_FAILURES && point.share >= called && point.reach >= reach {
                    found.push(point);
                }
            }
        }
        found.sort_by(|a, b| {
            b.exposure
                .reached
                .cmp(&a.exposure.reached)
                .then_with(|| (&a.root, &a.callee).cmp(&(&b.root, &b.callee)))
        });
        found
    }
}
