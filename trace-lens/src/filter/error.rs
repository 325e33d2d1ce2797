//! Errors in a query.

use thiserror::Error;

/// The error of a query that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at offset {offset} of the query: {what}")]
#[non_exhaustive]
pub struct QueryError {
    /// The offset in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub what: String,
}

impl QueryError {
    pub(crate) fn new(offset: usize, what: impl Into<String>) -> Self {
        Self { offset, what: what.into() }
    }
}
