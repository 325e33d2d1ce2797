//! What an attempt to export came to.

use std::time::Duration;

/// A batch was accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Spans that the receiver says it rejected (OTLP partial success); 0 when it took all.
    pub rejected_spans: u64,
    /// What the receiver had to say, empty when nothing.
    pub message: String,
}

/// A batch was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The same batch may succeed later: the receiver is busy, or cannot be reached.
    #[error("{reason} (will be retried)")]
    Retryable {
        /// What went wrong, without secrets.
        reason: String,
        /// How long the receiver asked to wait (`Retry-After`, `RetryInfo`).
        after: Option<Duration>,
    },
    /// The same batch will never succeed: it is dropped, counted and reported.
    #[error("{reason}")]
    Permanent {
        /// What went wrong, without secrets.
        reason: String,
    },
}
