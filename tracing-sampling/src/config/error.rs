//! The error of an invalid configuration.

/// A configuration is invalid. The message names the line, says what is wrong, and what would be valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The line, from 1; 0 if the error has no place.
    pub line: usize,
    /// What is wrong, and what would be valid.
    pub message: String,
}

impl ConfigError {
    /// Creates an error.
    #[must_use]
    pub fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}
