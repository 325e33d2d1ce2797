//! The conditions that determine the rate.

use std::fmt::{self, Display, Formatter};

/// A condition of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// The share of requests that fail is high.
    Errors,
    /// There are many more requests than usual.
    Traffic,
    /// The storage of traces is nearly full.
    Storage,
    /// The process uses most of its CPU time.
    Cpu,
    /// The version of the service is new.
    Deployment,
}

impl Condition {
    /// All conditions.
    pub const ALL: [Self; 5] = [Self::Errors, Self::Traffic, Self::Storage, Self::Cpu, Self::Deployment];

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Traffic => "traffic",
            Self::Storage => "storage",
            Self::Cpu => "cpu",
            Self::Deployment => "deployment",
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// When a condition is on. Between the two limits it keeps its state, so that a value near a limit does not toggle it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// The condition turns on above this value.
    pub on_above: f64,
    /// The condition turns off below this value.
    pub off_below: f64,
}

impl Limits {
    /// Creates limits. The second is at most the first.
    #[must_use]
    pub fn new(on_above: f64, off_below: f64) -> Self {
        Self { on_above, off_below: off_below.min(on_above) }
    }
}
