//! The result of an attempt to export.

use std::time::Duration;

/// The result of an export that the receiver accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// The number of spans that the receiver rejected (OTLP partial success). 0 if it accepted all.
    pub rejected_spans: u64,
    /// The receiver's message. Empty if there is none.
    pub message: String,
}

impl Exported {
    /// Creates the result of an export of which the receiver rejected some spans, with the receiver's message. If it
    /// accepted all, use [`Exported::default`].
    #[must_use]
    pub fn new(rejected_spans: u64, message: impl Into<String>) -> Self {
        Self { rejected_spans, message: message.into() }
    }
}

/// The error of an export that the receiver did not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The same batch may succeed later, because the receiver is busy or cannot be reached.
    #[error("{reason} (will be retried)")]
    Retryable {
        /// The cause, without secrets.
        reason: String,
        /// The delay that the receiver asked for (`Retry-After`, `RetryInfo`).
        after: Option<Duration>,
    },
    /// The batch is too large for the receiver. It is split in two, and each half is exported.
    #[error("{reason}")]
    TooLarge {
        /// The cause, without secrets.
        reason: String,
    },
    /// The same batch will never succeed. It is dropped, counted and logged.
    #[error("{reason}")]
    Permanent {
        /// The cause, without secrets.
        reason: String,
    },
}
