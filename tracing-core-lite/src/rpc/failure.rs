//! Why a call failed.

/// Why a call failed: the class of the error, and the code that the server responded with.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    pub(super) error_type: &'a str,
    pub(super) status_code: Option<&'a str>,
    pub(super) description: &'a str,
    pub(super) is_of_caller: bool,
}

impl<'a> Failure<'a> {
    /// Creates a failure of the class `error_type` (`error.type`): one of few values, such as a class of the
    /// [shared list](crate::error_class) or the name of a type. Never pass a message, which may contain user data.
    #[must_use]
    pub const fn new(error_type: &'a str) -> Self {
        Self { error_type, status_code: None, description: "", is_of_caller: false }
    }

    /// Creates a failure that the server responded with as a code, which is also the class of the error.
    #[must_use]
    pub const fn from_status_code(code: &'a str) -> Self {
        Self { error_type: code, status_code: Some(code), description: "", is_of_caller: false }
    }

    /// Sets the code that the server responded with (`rpc.response.status_code`).
    #[must_use]
    pub const fn with_status_code(mut self, code: &'a str) -> Self {
        self.status_code = Some(code);
        self
    }

    /// Sets the description of the span's status; empty by default.
    #[must_use]
    pub const fn with_description(mut self, description: &'a str) -> Self {
        self.description = description;
        self
    }

    /// Declares that the caller is to blame, for example because an argument is invalid.
    ///
    /// The status of the server's span then stays unset: the server did its work. The client's span has the status error.
    #[must_use]
    pub const fn caused_by_caller(mut self) -> Self {
        self.is_of_caller = true;
        self
    }
}
