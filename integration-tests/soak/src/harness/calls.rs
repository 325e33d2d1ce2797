//! The outcomes of the customers' calls.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::timeline::{Fault, Scope};

/// How long after a fault of the shop calls may still fail because of it: connections and members of groups come back late.
const AFTERMATH: u64 = 5_000;

/// A call that has ended. Times are in milliseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) kind: String,
    pub(super) outcome: String,
}

/// Reads the calls of the load in `folder`.
pub(super) fn read(folder: &Path) -> io::Result<Vec<Call>> {
    let text = fs::read_to_string(folder.join("calls.tsv"))?;
    let call = |line: &str| {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (began, ended) = (next()?.parse().ok()?, next()?.parse().ok()?);
        Some(Call { began, ended, kind: next()?.to_owned(), outcome: next()?.to_owned() })
    };
    Ok(text.lines().filter_map(call).collect())
}

/// The calls of a run by outcome.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    pub(super) calls: usize,
    /// By outcome, without those that succeeded or that fail in any case because of what was ordered.
    pub(super) failed: BTreeMap<String, usize>,
    /// Calls that failed while the shop had no fault.
    pub(super) unexplained: Vec<Call>,
}

impl Outcomes {
    pub(super) fn of(calls: &[Call], faults: &[Fault]) -> Self {
        let mut outcomes = Self { calls: calls.len(), ..Self::default() };
        for call in calls.iter().filter(|call| !is_expected(call)) {
            *outcomes.failed.entry(call.outcome.clone()).or_default() += 1;
            let explains = |fault: &Fault| {
                fault.scope == Scope::Shop && fault.from <= call.ended && fault.to + AFTERMATH >= call.began
            };
            if !faults.iter().any(explains) {
                outcomes.unexplained.push(call.clone());
            }
        }
        outcomes
    }

    /// Returns the calls of `calls` that began within `milliseconds` after the first, which is how long a control run took.
    pub(super) fn of_beginning(calls: &[Call], faults: &[Fault], milliseconds: u64) -> Self {
        let first = calls.iter().map(|call| call.began).min().unwrap_or_default();
        let early: Vec<Call> =
            calls.iter().filter(|call| call.began < first.saturating_add(milliseconds)).cloned().collect();
        Self::of(&early, faults)
    }

    pub(super) fn failures(&self) -> usize {
        self.failed.values().sum()
    }

    /// Returns the share of calls that failed.
    pub(super) fn failure_rate(&self) -> f64 {
        self.failures() as f64 / self.calls.max(1) as f64
    }
}

/// Whether a call ended as its kind of order does without any fault.
fn is_expected(call: &Call) -> bool {
    match call.kind.as_str() {
        "declined" => call.outcome.starts_with("402 "),
        "no stock" => call.outcome.starts_with("409 "),
        _ => call.outcome == "ok",
    }
}
