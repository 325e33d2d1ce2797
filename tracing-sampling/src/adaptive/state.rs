//! What an adaptive sampler does, and why.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::Condition;

/// The state of an [`Adaptive`](super::Adaptive) sampler.
///
/// It is displayed as a line for the rate and a line for each condition.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AdaptiveState {
    /// The share of new traces that is sampled.
    pub rate: f64,
    /// The rate that the conditions ask for. The rate rises to it step by step.
    pub target: f64,
    /// What the target follows from.
    pub reason: Reason,
    /// How long the reason has been in force.
    #[cfg_attr(feature = "json", serde(rename = "lasting_seconds", serialize_with = "seconds"))]
    pub lasting: Duration,
    /// The conditions, in the order of [`Condition::ALL`].
    pub conditions: Vec<ConditionState>,
}

/// What a rate follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No condition decides.
    Base,
    /// A condition decides.
    Condition(Condition),
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Condition(condition) => condition.name(),
        })
    }
}

/// The state of one condition.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ConditionState {
    /// The condition.
    pub condition: Condition,
    /// Whether it is on.
    pub is_on: bool,
    /// How long it has been on or off.
    #[cfg_attr(feature = "json", serde(rename = "lasting_seconds", serialize_with = "seconds"))]
    pub lasting: Duration,
    /// The last figure: a share from 0 to 1, for traffic a multiple of the usual, for a deployment the remaining share of
    /// its time.
    pub figure: Option<f64>,
    /// Whether the figure is current.
    pub status: Status,
}

/// Whether the figure of a condition is current.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize), serde(rename_all = "lowercase", tag = "state"))]
#[non_exhaustive]
pub enum Status {
    /// The figure was read in the last interval.
    Known,
    /// There was a figure, but not in the last interval. The condition stays as it is.
    Stale {
        /// Why there is no new one.
        reason: String,
        /// The age of the figure.
        #[cfg_attr(feature = "json", serde(rename = "age_seconds", serialize_with = "seconds"))]
        age: Duration,
    },
    /// There has been no figure. The condition is off.
    Unknown {
        /// Why there is none.
        reason: String,
    },
}

impl AdaptiveState {
    /// Returns the state of a condition.
    #[must_use]
    pub fn condition(&self, condition: Condition) -> Option<&ConditionState> {
        self.conditions.iter().find(|state| state.condition == condition)
    }

    /// Returns the state as JSON.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts and finite numbers can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Display for AdaptiveState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { rate, target, reason, lasting, conditions } = self;
        write!(
            f,
            "rate {} %, target {} % because of {reason} for {} s",
            percent(*rate),
            percent(*target),
            lasting.as_secs()
        )?;
        for state in conditions {
            write!(f, "\n{state}")?;
        }
        Ok(())
    }
}

impl Display for ConditionState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { condition, is_on, lasting, figure, status } = self;
        write!(f, "{condition}: {} for {} s", if *is_on { "on" } else { "off" }, lasting.as_secs())?;
        if let Some(figure) = figure {
            write!(f, ", last figure {figure:.3}")?;
        }
        match status {
            Status::Known => Ok(()),
            Status::Stale { reason, age } => write!(f, ", stale for {} s: {reason}", age.as_secs()),
            Status::Unknown { reason } => write!(f, ", unknown: {reason}"),
        }
    }
}

/// Rounded to four digits after the point.
fn percent(rate: f64) -> f64 {
    (rate * 1e6).round() / 1e4
}

#[cfg(feature = "json")]
fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[cfg(feature = "json")]
impl serde::Serialize for Condition {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "json")]
impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
