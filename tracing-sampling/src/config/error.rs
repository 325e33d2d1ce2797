//! The error of an invalid configuration.

/// The error for an invalid configuration. The message has the line, the problem and the valid values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The line, from 1; 0 if the error has no place.
    pub line: usize,
    /// The problem, and the valid values.
    pub message: String,
}

impl ConfigError {
    /// Creates an error.
    #[must_use]
    pub fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}
