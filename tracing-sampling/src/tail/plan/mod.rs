//! Policies, compiled for fast evaluation.

mod bucket;
mod budget;
mod collector;
mod compile;
mod condition;
mod consistent;

pub(super) use compile::Plan;
pub use compile::PlanError;
pub(super) use consistent::Candidate;

/// The outcome for one trace.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    /// Whether the trace is kept.
    pub(super) kept: bool,
    /// The number of the policy that decided.
    pub(super) by: Option<usize>,
    /// How the thresholds of spans change. `None` keeps them.
    pub(super) threshold: Option<NewThreshold>,
}

/// The threshold of a kept trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewThreshold {
    /// The threshold is raised to at least this value.
    AtLeast(u64),
    /// The threshold is set to 0, because the stage sees every trace.
    Always,
}
