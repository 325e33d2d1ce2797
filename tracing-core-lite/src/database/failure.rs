//! The end of an operation.

use super::Conventions;
use super::attribute::STATUS_CODE;
use crate::error_class::{CANCELLED, PANIC};
use crate::span::{Recorder, Timestamp};

/// Why an operation failed.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    pub(super) error_type: &'a str,
    pub(super) status_code: Option<&'a str>,
    pub(super) description: &'a str,
}

impl<'a> Failure<'a> {
    /// Creates a failure of one class of errors (`error.type`).
    ///
    /// The class is one of few values, such as a code of the database or the name of a type. Never pass a message:
    /// databases quote values in their messages.
    #[must_use]
    pub const fn new(error_type: &'a str) -> Self {
        Self { error_type, status_code: None, description: "" }
    }

    /// Creates a failure that the database reported with a code, which is also the class of the error.
    #[must_use]
    pub const fn from_status_code(code: &'a str) -> Self {
        Self { error_type: code, status_code: Some(code), description: "" }
    }

    /// Sets the code that the database reported (`db.response.status_code`).
    #[must_use]
    pub const fn with_status_code(mut self, code: &'a str) -> Self {
        self.status_code = Some(code);
        self
    }

    /// Sets the description of the span's status; empty by default. It must not contain values of the query.
    #[must_use]
    pub const fn with_description(mut self, description: &'a str) -> Self {
        self.description = description;
        self
    }
}

/// How an operation ended.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Ending<'a> {
    /// The database answered.
    Succeeded,
    /// The operation failed.
    Failed(Failure<'a>),
    /// The caller gave up before there was a result: an error of the class `cancelled`.
    Cancelled,
    /// The caller stopped reading after the first results: not an error.
    Stopped,
    /// The caller panicked: an error of the class `panic`.
    Panicked,
}

impl<'a> Ending<'a> {
    /// Returns the class of the error, if there was one.
    #[must_use]
    pub const fn error_type(&self) -> Option<&'a str> {
        match self {
            Self::Failed(failure) => Some(failure.error_type),
            Self::Cancelled => Some(CANCELLED),
            Self::Panicked => Some(PANIC),
            Self::Succeeded | Self::Stopped => None,
        }
    }

    /// Returns the ending of an operation that is dropped now. `has_results` says whether it has returned results.
    #[must_use]
    pub fn of_drop(has_results: bool) -> Self {
        if std::thread::panicking() {
            Self::Panicked
        } else if has_results {
            Self::Stopped
        } else {
            Self::Cancelled
        }
    }

    /// Records the ending on a span that ends at `now`.
    #[inline]
    pub fn record(&self, span: &mut Recorder<'_>, conventions: Conventions, now: Timestamp) {
        match self {
            Self::Succeeded => {}
            Self::Failed(failure) => {
                conventions.set_some(span, STATUS_CODE, failure.status_code);
                span.failed(failure.error_type, failure.description);
            }
            Self::Cancelled => {
                span.add_event_at(CANCELLED, now, &[]);
                span.failed(CANCELLED, "");
            }
            Self::Stopped => {
                span.add_event_at(CANCELLED, now, &[]);
            }
            Self::Panicked => {
                span.add_event_at("exception", now, &[("exception.type", PANIC.into())]);
                span.failed(PANIC, "");
            }
        }
    }
}
