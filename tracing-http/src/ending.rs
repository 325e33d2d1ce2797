//! How an exchange ended, as its span says it.

use http::StatusCode;
use tracing_core_lite::Recorder;
use tracing_core_lite::error_class::{CANCELLED, PANIC};

use crate::semconv::ERROR_TYPE;

/// Which end of the exchange this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With the last byte of the body.
    Complete,
    /// With an error of this class.
    Failed(&'static str),
    /// Given up: future or body were dropped.
    Cancelled,
    /// With a panic.
    Panicked,
}

/// What a span says about the end of its exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    error: Option<ErrorClass>,
    failed: bool,
    cancelled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorClass {
    Status(StatusCode),
    Named(&'static str),
}

impl Ending {
    /// A failing status code is the error, whatever happened to the body afterwards.
    ///
    /// To be cancelled is an error of the caller, and so no failure of a server, as a 4xx is none: otherwise every stream
    /// of events would fail at last. A client that gave up before there was a response did not get what it wanted; one
    /// that does not read a body to its end often has no use for it.
    pub(crate) fn new(side: Side, status: Option<StatusCode>, outcome: Outcome) -> Self {
        let (error, failed) = match (status.filter(|status| side.is_failure(*status)), outcome) {
            (Some(status), _) => (Some(ErrorClass::Status(status)), true),
            (None, Outcome::Complete) => (None, false),
            (None, Outcome::Failed(class)) => (Some(ErrorClass::Named(class)), true),
            (None, Outcome::Panicked) => (Some(ErrorClass::Named(PANIC)), true),
            (None, Outcome::Cancelled) => match side {
                Side::Server => (Some(ErrorClass::Named(CANCELLED)), false),
                Side::Client if status.is_none() => (Some(ErrorClass::Named(CANCELLED)), true),
                Side::Client => (None, false),
            },
        };
        // A client that throws away the body of a refusal, as one that tries again does, has cancelled nothing.
        let is_refusal = failed && status.is_some() && !matches!(side, Side::Server);
        Self { error, failed, cancelled: outcome == Outcome::Cancelled && !is_refusal }
    }

    /// The value of `error.type`: for a failing status code, that code.
    pub(crate) fn error_type(&self) -> Option<&str> {
        match &self.error {
            Some(ErrorClass::Status(status)) => Some(status.as_str()),
            Some(ErrorClass::Named(class)) => Some(class),
            None => None,
        }
    }

    pub(crate) fn record(&self, span: &mut Recorder<'_>) {
        if self.cancelled {
            span.add_event(CANCELLED, &[]);
        }
        match self.error_type() {
            // No description: it would say again what the class says.
            Some(class) if self.failed => span.failed(class, ""),
            class => span.set_some(ERROR_TYPE, class),
        };
    }
}

impl Side {
    /// A server did not fail because a client asked for the wrong thing; a client that got such an answer did
    /// (semantic conventions for HTTP spans, section "Status").
    fn is_failure(self, status: StatusCode) -> bool {
        match self {
            Self::Server => status.is_server_error(),
            Self::Client => status.is_client_error() || status.is_server_error(),
        }
    }
}
