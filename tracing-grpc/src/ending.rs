//! How a call ended, as its span says it.

use tonic::Code;
use tracing_core_lite::Recorder;
use tracing_core_lite::error_class::{CANCELLED, PANIC};

use crate::code;
use crate::error_code::Failure;
use crate::semconv::{ERROR_TYPE, STATUS_CODE};

/// Which end of the call this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    Server,
    #[cfg_attr(not(feature = "client"), allow(dead_code))]
    Client,
}

impl Side {
    pub(crate) fn is_client(self) -> bool {
        self == Self::Client
    }

    /// Whether a call that ends with `code` has failed (semantic conventions for gRPC, section "Status").
    fn is_failure(self, code: Code) -> bool {
        match self {
            Self::Client => code != Code::Ok,
            Self::Server => matches!(
                code,
                Code::Unknown
                    | Code::DeadlineExceeded
                    | Code::Unimplemented
                    | Code::Internal
                    | Code::Unavailable
                    | Code::DataLoss
            ),
        }
    }
}

/// What brought a call to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The last of its frames.
    Complete(Option<Code>),
    /// An error.
    Failed(Failure),
    /// Future or body were dropped.
    Dropped,
    /// A panic.
    Panicked,
}

/// What a span says about the end of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) code: Code,
    error: Option<&'static str>,
    /// Whether the error is a failure of this side: a server does not fail when its caller gives up.
    failed: bool,
    was_given_up: bool,
}

impl Ending {
    /// `known` is the code that the response's head tells, `is_late` whether the deadline has passed.
    ///
    /// A call that is cancelled after its deadline was cancelled by the deadline, on whichever side it was noticed.
    pub(crate) fn new(
        side: Side,
        known: Option<Code>,
        outcome: Outcome,
        is_late: impl FnOnce() -> bool,
    ) -> Self {
        let mut was_given_up = false;
        let code = match (outcome, known) {
            (Outcome::Panicked, _) => {
                return Self { code: Code::Unknown, error: Some(PANIC), failed: true, was_given_up };
            }
            (Outcome::Complete(code), known) => code.or(known).unwrap_or(Code::Unknown),
            (Outcome::Failed(failure), _) => failure.code,
            (Outcome::Dropped, Some(code)) => code,
            (Outcome::Dropped, None) => {
                was_given_up = true;
                Code::Cancelled
            }
        };
        let code = if code == Code::Cancelled && is_late() { Code::DeadlineExceeded } else { code };
        let was_given_up = was_given_up && code == Code::Cancelled;
        let failed = side.is_failure(code);
        let class = match outcome {
            Outcome::Failed(failure) => failure.class,
            _ => None,
        };
        let error = (failed || was_given_up).then(|| class.unwrap_or_else(|| code::name(code)));
        Self { code, error, failed, was_given_up }
    }

    /// The value of `error.type`, if the call failed or was given up.
    #[cfg(feature = "metrics")]
    pub(crate) fn error_type(&self) -> Option<&'static str> {
        self.error
    }

    pub(crate) fn record(&self, span: &mut Recorder<'_>, description: &str) {
        span.set(STATUS_CODE, code::name(self.code));
        if self.was_given_up {
            span.add_event(CANCELLED, &[]);
        }
        match self.error {
            Some(class) if self.failed => span.failed(class, description),
            class => span.set_some(ERROR_TYPE, class),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Complete, Dropped, Failed, Panicked};

    #[test]
    fn endings() {
        let (server, client) = (Side::Server, Side::Client);
        for (side, known, outcome, is_late, code, error) in [
            (server, None, Complete(Some(Code::Ok)), true, "OK", None),
            (server, None, Complete(Some(Code::NotFound)), false, "NOT_FOUND", None),
            (client, None, Complete(Some(Code::NotFound)), false, "NOT_FOUND", Some("NOT_FOUND")),
            (server, Some(Code::Ok), Complete(Some(Code::Internal)), false, "INTERNAL", Some("INTERNAL")),
            (server, None, Complete(None), false, "UNKNOWN", Some("UNKNOWN")),
            (client, Some(Code::Ok), Dropped, false, "OK", None),
            (server, None, Dropped, false, "CANCELLED", Some("CANCELLED")),
            (server, None, Complete(Some(Code::Cancelled)), false, "CANCELLED", None),
            (client, None, Dropped, false, "CANCELLED", Some("CANCELLED")),
            (server, None, Dropped, true, "DEADLINE_EXCEEDED", Some("DEADLINE_EXCEEDED")),
            (
                client,
                Some(Code::Cancelled),
                Complete(None),
                true,
                "DEADLINE_EXCEEDED",
                Some("DEADLINE_EXCEEDED"),
            ),
            (
                client,
                None,
                Failed(Failure { code: Code::Unavailable, class: None }),
                false,
                "UNAVAILABLE",
                Some("UNAVAILABLE"),
            ),
            (
                client,
                None,
                Failed(Failure { code: Code::Unavailable, class: Some("connection_refused") }),
                false,
                "UNAVAILABLE",
                Some("connection_refused"),
            ),
            (server, None, Panicked, false, "UNKNOWN", Some("panic")),
        ] {
            let ending = Ending::new(side, known, outcome, || is_late);
            assert_eq!(
                (code::name(ending.code), ending.error),
                (code, error),
                "{side:?} {known:?} {outcome:?}"
            );
        }
    }
}
