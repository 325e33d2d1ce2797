//! The status code that an error amounts to.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;

use tonic::{Code, ConnectError, Status, TimeoutExpired};

type BoxError = Box<dyn Error + Send + Sync>;

/// Causes that are looked at, at most: a chain of causes may be a ring.
const LONGEST_CHAIN: usize = 16;

/// The code that the caller of tonic will see for `error`, but for an expired timeout: tonic calls it cancelled, and here
/// it is [`Code::DeadlineExceeded`].
pub(crate) fn of_any<E: Any>(error: &E) -> Code {
    let error: &dyn Any = error;
    if error.is::<Infallible>() {
        return Code::Unknown;
    }
    if let Some(error) = error.downcast_ref::<BoxError>() {
        return of_chain(error.as_ref());
    }
    if let Some(error) = error.downcast_ref::<Status>() {
        return of_chain(error);
    }
    #[cfg(any(feature = "server", feature = "client"))]
    if let Some(error) = error.downcast_ref::<tonic::transport::Error>() {
        return of_chain(error);
    }
    #[cfg(feature = "client")]
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return of_chain(error);
    }
    Code::Unknown
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
        // A timeout of hyper is a ping that was not answered.
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

/// A status that was made of an expired timeout says cancelled.
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
    fn codes() {
        let timeout = || Box::new(TimeoutExpired(())) as BoxError;
        for (error, expected) in [
            (Box::new(Status::not_found("x")) as BoxError, Code::NotFound),
            (timeout(), Code::DeadlineExceeded),
            (Box::new(Status::from_error(timeout())), Code::DeadlineExceeded),
            (Box::new(ConnectError("refused".into())), Code::Unavailable),
            ("anything".into(), Code::Unknown),
        ] {
            assert_eq!(of_any(&error), expected, "{error}");
        }
        assert_eq!(of_any(&Status::aborted("")), Code::Aborted);
        assert_eq!(of_any(&7_u8), Code::Unknown);
        #[cfg(feature = "client")]
        assert_eq!(
            of_any(&(Box::new(h2::Error::from(h2::Reason::REFUSED_STREAM)) as BoxError)),
            Code::Unavailable
        );
    }
}
