//! Whether a condition is on.

use std::time::Duration;

use super::{Condition, ConditionState, Limits, Status};

/// A condition with its limits and its state.
#[derive(Debug)]
pub(super) struct Switch {
    condition: Condition,
    limits: Limits,
    /// A condition stays on for at least this long.
    shortest: Duration,
    is_on: bool,
    since: Duration,
    figure: Option<f64>,
    /// When the last value was read.
    read_at: Option<Duration>,
    problem: Option<String>,
}

impl Switch {
    pub(super) fn new(condition: Condition, limits: Limits, shortest: Duration, now: Duration) -> Self {
        let problem = Some("there is no input".to_owned());
        Self { condition, limits, shortest, is_on: false, since: now, figure: None, read_at: None, problem }
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Records a value.
    pub(super) fn set(&mut self, figure: f64, now: Duration) {
        if !figure.is_finite() {
            return self.fail(format!("the input is not a number: {figure}"));
        }
        self.figure = Some(figure);
        self.read_at = Some(now);
        self.problem = None;
        let may_end = now.saturating_sub(self.since) >= self.shortest;
        let is_on = match self.is_on {
            true => figure >= self.limits.off_below || !may_end,
            false => figure > self.limits.on_above,
        };
        if is_on != self.is_on {
            self.is_on = is_on;
            self.since = now;
        }
    }

    /// Records that there is no value. The condition keeps its state.
    pub(super) fn fail(&mut self, problem: impl Into<String>) {
        self.problem = Some(problem.into());
    }

    pub(super) fn state(&self, now: Duration) -> ConditionState {
        let status = match (&self.problem, self.read_at) {
            (None, _) => Status::Known,
            (Some(problem), None) => Status::Unknown { reason: problem.clone() },
            (Some(problem), Some(read_at)) => {
                Status::Stale { reason: problem.clone(), age: now.saturating_sub(read_at) }
            }
        };
        ConditionState {
            condition: self.condition,
            is_on: self.is_on,
            lasting: now.saturating_sub(self.since),
            figure: self.figure,
            status,
        }
    }
}
