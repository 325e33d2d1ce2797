//! How a request ended, as its span says it.

use http::StatusCode;
use tracing_core_lite::Recorder;
use tracing_core_lite::error_class::{CANCELLED, PANIC};
use tracing_core_lite::tower::End;

use super::semconv::OUTCOME;

/// The side of a request that this process is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// What a span says about the end of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    error: Option<ErrorClass>,
    is_cancelled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorClass {
    Status(StatusCode),
    Named(&'static str),
}

impl Ending {
    /// A failing status code is the error, whatever happened to the body afterwards.
    ///
    /// A server does not fail when its client goes away: otherwise every stream of events would fail in the end. A client
    /// that gives up before the response arrives has failed; one that stops reading the body has not.
    pub(super) fn new(side: Side, status: Option<StatusCode>, end: End<'_, &'static str>) -> Self {
        let failing_status = status.filter(|status| side.is_failure(*status));
        let is_cancelled = matches!(end, End::Cancelled);
        let error = match (failing_status, end) {
            (Some(status), _) => Some(ErrorClass::Status(status)),
            (None, End::Failed(class)) => Some(ErrorClass::Named(class)),
            (None, End::Panicked) => Some(ErrorClass::Named(PANIC)),
            (None, End::Cancelled) if side == Side::Client && status.is_none() => {
                Some(ErrorClass::Named(CANCELLED))
            }
            (None, End::Cancelled | End::Complete(_)) => None,
        };
        // A client that drops the body of a failed response, as a retry does, has cancelled nothing.
        let is_dropped_failure = side == Side::Client && failing_status.is_some();
        Self { error, is_cancelled: is_cancelled && !is_dropped_failure }
    }

    /// Returns the value of `error.type` if the request failed: the status code if that is the error.
    pub(super) fn error_type(&self) -> Option<&str> {
        match &self.error {
            Some(ErrorClass::Status(status)) => Some(status.as_str()),
            Some(ErrorClass::Named(class)) => Some(class),
            None => None,
        }
    }

    pub(super) fn record(&self, span: &mut Recorder<'_>) {
        if self.is_cancelled {
            span.set(OUTCOME, CANCELLED).add_event(CANCELLED, &[]);
        }
        if let Some(class) = self.error_type() {
            // No description: it would repeat the class.
            span.failed(class, "");
        }
    }
}

impl Side {
    /// Returns whether a response with `status` is a failure of this side (semantic conventions for HTTP spans, section
    /// "Status").
    fn is_failure(self, status: StatusCode) -> bool {
        match self {
            Self::Server => status.is_server_error(),
            Self::Client => status.is_client_error() || status.is_server_error(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings() {
        let (server, client) = (Side::Server, Side::Client);
        for (side, status, end, error, is_cancelled) in [
            (server, Some(200), End::Complete(None), None, false),
            (server, Some(404), End::Complete(None), None, false),
            (server, Some(500), End::Complete(None), Some("500"), false),
            (client, Some(404), End::Complete(None), Some("404"), false),
            (server, None, End::Cancelled, None, true),
            (server, Some(200), End::Cancelled, None, true),
            (server, Some(500), End::Cancelled, Some("500"), true),
            (client, None, End::Cancelled, Some("cancelled"), true),
            (client, Some(200), End::Cancelled, None, true),
            (client, Some(503), End::Cancelled, Some("503"), false),
            (server, None, End::Failed("timeout"), Some("timeout"), false),
            (client, Some(200), End::Failed("timeout"), Some("timeout"), false),
            (server, None, End::Panicked, Some("panic"), false),
        ] {
            let status = status.map(|code| StatusCode::from_u16(code).unwrap());
            let ending = Ending::new(side, status, end);
            assert_eq!(
                (ending.error_type(), ending.is_cancelled),
                (error, is_cancelled),
                "{side:?} {status:?}"
            );
        }
    }
}
