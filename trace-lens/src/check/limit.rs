//! Limits on figures, absolute or as a growth over a baseline.

use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

use super::figures::{distribution, figures};
use crate::analysis::{Histogram, Summary, mann_whitney};
use crate::read::parse_duration;

/// The significance level of a growth.
const ALPHA: f64 = 0.01;

/// The error of a limit that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is not a limit; write `path.p95=500ms`, `errors.rate=1%` or, over a baseline, `path.p95=+10%`"
)]
#[non_exhaustive]
pub struct LimitError {
    /// The text.
    pub text: String,
}

/// The most that a figure may be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Limit {
    /// The name of the figure.
    pub figure: String,
    /// The limit as it was written.
    pub text: String,
    bound: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    /// The most.
    Absolute(f64),
    /// The most in addition to the baseline, as a share of it.
    Growth(f64),
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let error = || LimitError { text: text.to_owned() };
        let (figure, limit) = text.rsplit_once('=').ok_or_else(error)?;
        let limit = limit.trim();
        let bound = match limit.strip_prefix('+') {
            Some(growth) => Bound::Growth(number(growth).ok_or_else(error)?),
            None => Bound::Absolute(number(limit).ok_or_else(error)?),
        };
        Ok(Self { figure: figure.trim().to_owned(), text: limit.to_owned(), bound })
    }
}

/// A number, a share in percent, or a duration.
#[allow(clippy::cast_precision_loss)]
fn number(text: &str) -> Option<f64> {
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok().map(|it| it / 100.0),
        None => text.parse().ok().or_else(|| parse_duration(text).map(|nanos| nanos as f64)),
    };
    parsed.filter(|it: &f64| it.is_finite())
}

/// The outcome of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The figure is within the limit.
    Passed,
    /// The figure exceeds the limit.
    Failed,
    /// Too few traces, here or in the baseline, or none that the figure is about.
    TooLittleData,
}

/// A limit, the figure, and the outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CheckResult {
    /// The name of the figure.
    pub figure: String,
    /// The limit as it was written.
    pub limit: String,
    /// The figure, if there is one.
    pub value: Option<f64>,
    /// The figure of the baseline, if there is one.
    pub baseline: Option<f64>,
    /// The most that the figure may be.
    pub most: Option<f64>,
    /// The p-value of the growth of a duration, from a comparison of the distributions.
    pub probability: Option<f64>,
    /// The outcome.
    pub verdict: Verdict,
}

/// Checks limits. Fewer than `min_traces` traces, here or in the baseline, are too little data.
///
/// A growth of a duration fails only if the distributions differ significantly.
#[must_use]
pub fn check(
    limits: &[Limit],
    summary: &Summary,
    baseline: Option<&Summary>,
    min_traces: u64,
) -> Vec<CheckResult> {
    let (now, before) = (figures(summary), baseline.map(figures));
    let is_enough = |it: &Summary| it.quality.traces >= min_traces;
    let enough = is_enough(summary) && baseline.is_none_or(is_enough);
    let one = |limit: &Limit| {
        let value = now.get(&limit.figure).copied();
        let old = before.as_ref().and_then(|it| it.get(&limit.figure).copied());
        let most = match limit.bound {
            Bound::Absolute(most) => Some(most),
            Bound::Growth(share) => old.map(|it| it * (1.0 + share)),
        };
        let is_growth = matches!(limit.bound, Bound::Growth(_));
        let probability = baseline.filter(|_| is_growth).and_then(|it| chance(summary, it, &limit.figure));
        let verdict = match (value, most) {
            (Some(value), Some(most)) if enough => {
                let by_chance = probability.is_some_and(|it| it >= ALPHA);
                if value > most && !by_chance { Verdict::Failed } else { Verdict::Passed }
            }
            _ => Verdict::TooLittleData,
        };
        let (figure, limit) = (limit.figure.clone(), limit.text.clone());
        CheckResult { figure, limit, value, baseline: old, most, probability, verdict }
    };
    limits.iter().map(one).collect()
}

fn chance(summary: &Summary, baseline: &Summary, figure: &str) -> Option<f64> {
    let sample = |it: &Histogram| it.buckets().collect::<Vec<_>>();
    let (now, before) = (distribution(summary, figure)?, distribution(baseline, figure)?);
    Some(mann_whitney(&sample(now), &sample(before)))
}
