//! How a call ended, as its span says it.

use tonic::Code;
use tracing_core_lite::Recorder;
use tracing_core_lite::error_class::{CANCELLED, PANIC};
use tracing_core_lite::tower::End;

use super::code;
use super::error_code::Failure;
use super::semconv::{OUTCOME, STATUS_CODE};

/// The side of a call that this process is on.
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

    /// Returns whether a call that ends with `code` has failed (semantic conventions for gRPC, section "Status").
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

/// What a span says about the end of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) code: Code,
    error: Option<&'static str>,
    is_cancelled: bool,
}

impl Ending {
    /// `known` is the code in the head of the response, and `is_late` returns whether the deadline has passed.
    ///
    /// A call that is cancelled after its deadline was cancelled by the deadline, whichever side noticed. A server does
    /// not fail when its caller gives up.
    pub(super) fn new(
        side: Side,
        known: Option<Code>,
        end: End<'_, Failure>,
        is_late: impl FnOnce() -> bool,
    ) -> Self {
        let mut is_cancelled = false;
        let code = match (end, known) {
            (End::Panicked, _) => return Self { code: Code::Unknown, error: Some(PANIC), is_cancelled },
            (End::Complete(tail), known) => {
                tail.and_then(code::of_headers).or(known).unwrap_or(Code::Unknown)
            }
            (End::Failed(failure), _) => failure.code,
            (End::Cancelled, Some(code)) => code,
            (End::Cancelled, _) => {
                is_cancelled = true;
                Code::Cancelled
            }
        };
        let code = if code == Code::Cancelled && is_late() { Code::DeadlineExceeded } else { code };
        let class = match end {
            End::Failed(failure) => failure.class,
            _ => None,
        };
        let error = side.is_failure(code).then(|| class.unwrap_or_else(|| code::name(code)));
        Self { code, error, is_cancelled: is_cancelled && code == Code::Cancelled }
    }

    /// Returns the value of `error.type` if the call failed.
    #[cfg(feature = "metrics")]
    pub(super) fn error_type(&self) -> Option<&'static str> {
        self.error
    }

    pub(super) fn record(&self, span: &mut Recorder<'_>, description: &str) {
        span.set(STATUS_CODE, code::name(self.code));
        if self.is_cancelled {
            span.set(OUTCOME, CANCELLED).add_event(CANCELLED, &[]);
        }
        if let Some(class) = self.error {
            span.failed(class, description);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use tracing_core_lite::tower::End::{Cancelled, Complete, Failed, Panicked};

    use super::*;

    /// Trailers with a code, for a test that lives as long as the process.
    fn tail(code: Code) -> Option<&'static HeaderMap> {
        let status = HeaderValue::from(i32::from(code));
        Some(Box::leak(Box::new(HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), status)]))))
    }

    fn failure(class: Option<&'static str>) -> Failure {
        Failure { code: Code::Unavailable, class }
    }

    #[test]
    fn endings() {
        let (server, client) = (Side::Server, Side::Client);
        for (side, known, end, is_late, code, error) in [
            (server, None, Complete(tail(Code::Ok)), true, "OK", None),
            (server, None, Complete(tail(Code::NotFound)), false, "NOT_FOUND", None),
            (client, None, Complete(tail(Code::NotFound)), false, "NOT_FOUND", Some("NOT_FOUND")),
            (server, Some(Code::Ok), Complete(tail(Code::Internal)), false, "INTERNAL", Some("INTERNAL")),
            (server, None, Complete(None), false, "UNKNOWN", Some("UNKNOWN")),
            (client, Some(Code::Ok), Cancelled, false, "OK", None),
            (server, None, Cancelled, false, "CANCELLED", None),
            (server, None, Complete(tail(Code::Cancelled)), false, "CANCELLED", None),
            (client, None, Cancelled, false, "CANCELLED", Some("CANCELLED")),
            (server, None, Cancelled, true, "DEADLINE_EXCEEDED", Some("DEADLINE_EXCEEDED")),
            (
                client,
                Some(Code::Cancelled),
                Complete(None),
                true,
                "DEADLINE_EXCEEDED",
                Some("DEADLINE_EXCEEDED"),
            ),
            (client, None, Failed(failure(None)), false, "UNAVAILABLE", Some("UNAVAILABLE")),
            (
                client,
                None,
                Failed(failure(Some("connection_refused"))),
                false,
                "UNAVAILABLE",
                Some("connection_refused"),
            ),
            (server, None, Panicked, false, "UNKNOWN", Some("panic")),
        ] {
            let ending = Ending::new(side, known, end, || is_late);
            assert_eq!((code::name(ending.code), ending.error), (code, error), "{side:?} {known:?} {end:?}");
        }
    }
}
