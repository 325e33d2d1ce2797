//! How an operation ended.

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
}

impl<'a> Ending<'a> {
    /// Returns the class of the error, if there was one.
    #[must_use]
    pub const fn error_type(&self) -> Option<&'a str> {
        match self {
            Self::Failed(failure) => Some(failure.error_type),
            Self::Cancelled => Some(super::attribute::CANCELLED),
            Self::Succeeded | Self::Stopped => None,
        }
    }
}
