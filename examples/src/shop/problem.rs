//! The body of every error response in the shop.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// An error response: a status, a class of errors for programs, and a reason for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The HTTP status. The body does not repeat it.
    #[serde(skip)]
    pub status: StatusCode,
    /// The class of the error, such as `card_declined`.
    pub error: String,
    /// What happened, in words.
    pub reason: String,
}

impl Problem {
    /// Creates a problem of class `error`.
    pub fn new(status: StatusCode, error: &str, reason: impl ToString) -> Self {
        Self { status, error: error.to_owned(), reason: reason.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
