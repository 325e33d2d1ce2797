//! The state of an adaptive sampler.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::Condition;

/// The state of an [`Adaptive`](super::Adaptive) sampler.
///
/// `Display` writes a line for the rate and a line for each condition.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AdaptiveState {
    /// The share of new traces that is sampled.
    pub rate: f64,
    /// The rate that follows from the conditions. The current rate rises to it in steps.
    pub target: f64,
    /// What determines the target.
    pub reason: Reason,
    /// How long the reason has been in force.
    #[cfg_attr(feature = "json", serde(rename = "lasting_seconds", serialize_with = "seconds"))]
    pub lasting: Duration,
    /// The conditions, in the order of [`Condition::ALL`].
    pub conditions: Vec<ConditionState>,
}

/// What determines a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The base rate applies.
    Base,
    /// The rate of this condition applies.
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
    /// The last value: a share from 0 to 1, for traffic a multiple of the average, for a deployment the remaining share of
    /// its time.
    pub figure: Option<f64>,
    /// Whether the value is current.
    pub status: Status,
}

/// Whether the value of a condition is current.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize), serde(rename_all = "lowercase", tag = "state"))]
#[non_exhaustive]
pub enum Status {
    /// The value was read in the last interval.
    Known,
    /// The value is from an earlier interval. The condition keeps its state.
    Stale {
        /// Why there is no new value.
        reason: String,
        /// The age of the value.
        #[cfg_attr(feature = "json", serde(rename = "age_seconds", serialize_with = "seconds"))]
        age: Duration,
    },
    /// No value has been read yet. The condition is off.
    Unknown {
        /// Why there is no value.
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

/// Rounds to four decimal places.
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
