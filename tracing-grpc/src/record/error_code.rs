//! The status code of an error, and the class of an I/O error behind it.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;

use tonic::{Code, ConnectError, Status, TimeoutExpired};
use tracing_core_lite::error_class;

type BoxError = Box<dyn Error + Send + Sync>;

/// Most causes that are looked at: a chain of causes may be a ring.
const LONGEST_CHAIN: usize = 16;

/// The status code of an error, and the class of an I/O error behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The code that the caller of tonic sees, except for an expired timeout: tonic calls it cancelled, and here it is
    /// [`Code::DeadlineExceeded`].
    pub(crate) code: Code,
    /// The class of the I/O error that caused it, which is then the value of `error.type`. The code alone would not tell a
    /// refused connection from a lost one.
    pub(crate) class: Option<&'static str>,
}

impl Failure {
    const UNKNOWN: Self = Self { code: Code::Unknown, class: None };

    fn of(error: &(dyn Error + 'static)) -> Self {
        Self { code: of_chain(error), class: error_class::of_causes(error, |_| None) }
    }
}

/// Returns the status code and the class of `error`.
pub(crate) fn of_any<E: Any>(error: &E) -> Failure {
    let error: &dyn Any = error;
    if error.is::<Infallible>() {
        return Failure::UNKNOWN;
    }
    if let Some(error) = error.downcast_ref::<BoxError>() {
        return Failure::of(error.as_ref());
    }
    if let Some(error) = error.downcast_ref::<Status>() {
        return Failure::of(error);
    }
    #[cfg(any(feature = "server", feature = "client"))]
    if let Some(error) = error.downcast_ref::<tonic::transport::Error>() {
        return Failure::of(error);
    }
    #[cfg(feature = "client")]
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return Failure::of(error);
    }
    Failure::UNKNOWN
}

fn of_chain(error: &(dyn Error + 'static)) -> Code {
    let mut next = Some(error);
    for _ in 0..LONGEST_CHAIN {
        let Some(error) = next else { break };
        if let Some(code) = of_one(error) {
            return code;
        }
        next = error.source();
    }
    Code::Unknown
}

fn of_one(error: &(dyn Error + 'static)) -> Option<Code> {
    if error.is::<TimeoutExpired>() {
        return Some(Code::DeadlineExceeded);
    }
    if error.is::<ConnectError>() {
        return Some(Code::Unavailable);
    }
    if let Some(status) = error.downcast_ref::<Status>() {
        return Some(of_status(status));
    }
    #[cfg(feature = "client")]
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        // hyper's timeout means that a ping was not answered.
        if error.is_timeout() {
            return Some(Code::Unavailable);
        }
        if error.is_canceled() {
            return Some(Code::Cancelled);
        }
    }
    #[cfg(feature = "client")]
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        return Some(of_http2(error));
    }
    None
}

/// Corrects the status of an expired timeout, which is `cancelled`.
fn of_status(status: &Status) -> Code {
    let was_timeout = status.source().is_some_and(|source| of_chain(source) == Code::DeadlineExceeded);
    if status.code() == Code::Cancelled && was_timeout { Code::DeadlineExceeded } else { status.code() }
}

/// Source: gRPC, "gRPC over HTTP2", section "Errors".
#[cfg(feature = "client")]
fn of_http2(error: &h2::Error) -> Code {
    use h2::Reason;
    match error.reason() {
        Some(Reason::REFUSED_STREAM) => Code::Unavailable,
        Some(Reason::CANCEL) => Code::Cancelled,
        Some(Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
        Some(Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        Some(
            Reason::NO_ERROR
            | Reason::PROTOCOL_ERROR
            | Reason::INTERNAL_ERROR
            | Reason::FLOW_CONTROL_ERROR
            | Reason::SETTINGS_TIMEOUT
            | Reason::FRAME_SIZE_ERROR
            | Reason::COMPRESSION_ERROR
            | Reason::CONNECT_ERROR,
        ) => Code::Internal,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_classes() {
        let timeout = || Box::new(TimeoutExpired(())) as BoxError;
        let refused = || Box::new(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)) as BoxError;
        for (error, code, class) in [
            (Box::new(Status::not_found("x")) as BoxError, Code::NotFound, None),
            (timeout(), Code::DeadlineExceeded, None),
            (Box::new(Status::from_error(timeout())), Code::DeadlineExceeded, None),
            (Box::new(ConnectError("refused".into())), Code::Unavailable, None),
            (Box::new(ConnectError(refused())), Code::Unavailable, Some("connection_refused")),
            (refused(), Code::Unknown, Some("connection_refused")),
            ("anything".into(), Code::Unknown, None),
        ] {
            assert_eq!(of_any(&error), Failure { code, class }, "{error}");
        }
        assert_eq!(of_any(&Status::aborted("")).code, Code::Aborted);
        assert_eq!(of_any(&7_u8), Failure::UNKNOWN);
        #[cfg(feature = "client")]
        assert_eq!(
            of_any(&(Box::new(h2::Error::from(h2::Reason::REFUSED_STREAM)) as BoxError)).code,
            Code::Unavailable
        );
    }
}
