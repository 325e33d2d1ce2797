//! The traits of inputs.

use std::fmt::{self, Debug, Formatter};

/// Returns a number once in each interval.
pub trait Input: Send + 'static {
    /// Returns the current value. It runs on the sampler's thread, and may block for a part of the interval.
    ///
    /// # Errors
    /// Returns an error if there is no current value. The condition then keeps its state.
    fn read(&mut self) -> Result<f64, InputError>;
}

impl<F: FnMut() -> Result<f64, InputError> + Send + 'static> Input for F {
    fn read(&mut self) -> Result<f64, InputError> {
        self()
    }
}

impl Debug for dyn Input {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Input")
    }
}

/// The error for an input without a current value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct InputError {
    /// The reason, for the state of the sampler.
    pub reason: String,
}

impl InputError {
    /// Creates an error.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Counts of requests since the start of the source.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Requests {
    /// All requests, sampled or not.
    pub total: f64,
    /// Those that failed.
    pub failed: f64,
}

impl Requests {
    /// Creates counts. They may be sums of adjusted counts.
    #[must_use]
    pub fn new(total: f64, failed: f64) -> Self {
        Self { total, failed }
    }
}

/// Returns counts of requests once in each interval.
pub trait RequestSource: Send + 'static {
    /// Returns the counts so far. They must include unsampled requests, or estimate them from adjusted counts.
    ///
    /// # Errors
    /// Returns an error if there are no current counts. The conditions then keep their state.
    fn requests(&mut self) -> Result<Requests, InputError>;
}

impl<F: FnMut() -> Result<Requests, InputError> + Send + 'static> RequestSource for F {
    fn requests(&mut self) -> Result<Requests, InputError> {
        self()
    }
}

impl Debug for dyn RequestSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("RequestSource")
    }
}
