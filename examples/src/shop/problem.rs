//! The one shape of every error that a service answers with.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::CallError;

/// An answer that is not a success: a status, and in the body a class of errors for programs and a reason for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The HTTP status, which is not repeated in the body.
    #[serde(skip)]
    pub status: StatusCode,
    /// The class of the error, such as `card_declined`.
    pub error: String,
    /// What happened, for people.
    pub reason: String,
}

impl Problem {
    /// A problem of class `error`.
    pub fn new(status: StatusCode, error: &str, reason: impl ToString) -> Self {
        Self { status, error: error.to_owned(), reason: reason.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

/// What a peer refused is refused for the same reason; that a peer is out of reach is no news for the outside.
impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { problem, .. } => problem,
            unreachable => Self::new(StatusCode::BAD_GATEWAY, "unavailable", unreachable),
        }
    }
}
