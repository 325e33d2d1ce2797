//! The result of an attempt to export.

use std::time::Duration;

/// The result of an export that the receiver accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Spans that the receiver says it rejected (OTLP partial success); 0 when it took all.
    pub rejected_spans: u64,
    /// A message of the receiver; empty if there is none.
    pub message: String,
}

impl Exported {
    /// Creates the result of an export of which the receiver rejected some spans, with its message. If it accepted all,
    /// use [`Exported::default`].
    #[must_use]
    pub fn new(rejected_spans: u64, message: impl Into<String>) -> Self {
        Self { rejected_spans, message: message.into() }
    }
}

/// The error of an export that the receiver did not accept.
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
