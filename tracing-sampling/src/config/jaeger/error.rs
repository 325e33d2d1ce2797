//! Errors in Jaeger's formats.

/// The error for invalid strategies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
#[non_exhaustive]
pub struct JaegerError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong, and what would be valid.
    pub reason: String,
}

impl JaegerError {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

impl From<serde_json::Error> for JaegerError {
    fn from(error: serde_json::Error) -> Self {
        // The message of serde_json ends with the position, which is in `line` already.
        let reason = error.to_string();
        let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
        Self::new(error.line(), reason)
    }
}

/// An error in the settings of a [`JaegerRemote`](super::JaegerRemote).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct ArgumentError {
    /// What is wrong, and what would be valid.
    pub reason: String,
}

impl ArgumentError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
