//! What an exporter tells metrics about its attempts.

use std::borrow::Cow;

use super::error::{ExportError, Exported};
use crate::error_class;

/// The outcome of the last attempt of an exporter, for metrics. See [`Exporter::last_response`](super::Exporter::last_response).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportResponse {
    /// The HTTP status, if there was a response.
    pub http_status: Option<u16>,
    /// The name of the gRPC status, if there was a response, such as `UNAVAILABLE`.
    pub grpc_status: Option<&'static str>,
    /// The class of the failure if the receiver did not answer, such as one of [`error_class`].
    pub failure: Option<&'static str>,
}

impl ExportResponse {
    /// Creates a response with an HTTP status.
    #[must_use]
    pub const fn of_http(status: u16) -> Self {
        Self { http_status: Some(status), grpc_status: None, failure: None }
    }

    /// Creates a response with the name of a gRPC status.
    #[must_use]
    pub const fn of_grpc(status: &'static str) -> Self {
        Self { http_status: None, grpc_status: Some(status), failure: None }
    }

    /// Creates the outcome of an attempt that got no response.
    #[must_use]
    pub const fn of_failure(class: &'static str) -> Self {
        Self { http_status: None, grpc_status: None, failure: Some(class) }
    }

    /// Returns `error.type` of an attempt with this result, or `None` if it succeeded completely.
    pub(crate) fn error_type(&self, result: &Result<Exported, ExportError>) -> Option<Cow<'static, str>> {
        match result {
            Ok(exported) => (exported.rejected_spans > 0).then_some(Cow::Borrowed(REJECTED)),
            Err(_) => Some(self.class()),
        }
    }

    fn class(&self) -> Cow<'static, str> {
        match (self.failure, self.http_status, self.grpc_status) {
            (Some(class), ..) | (None, None, Some(class)) => class.into(),
            (None, Some(status), _) => status.to_string().into(),
            (None, None, None) => error_class::OTHER.into(),
        }
    }
}

/// `error.type` of spans that the receiver rejected without a reason (semantic conventions, `otel.sdk.exporter.span.exported`).
pub(crate) const REJECTED: &str = "rejected";
