//! The classes of HTTP errors: values of `error.type`.

use std::any::{Any, type_name};
use std::error::Error;

use tracing_core_lite::error_class;

type BoxError = Box<dyn Error + Send + Sync>;

/// Returns the class of an error of a type that need not be an [`Error`], or the name of that type.
pub(crate) fn of_any<E: Any>(error: &E) -> &'static str {
    of_known(error).unwrap_or(type_name::<E>())
}

/// Returns the class of the deepest cause that has one, or the name of the error's type.
pub(crate) fn of_error<E: Error + 'static>(error: &E) -> &'static str {
    of_causes(error).unwrap_or(type_name::<E>())
}

/// Returns the class of the deepest cause that has one. The type behind a box has no name, so the default is `_OTHER`.
pub(crate) fn of_boxed(error: &(dyn Error + 'static)) -> &'static str {
    of_causes(error).unwrap_or(error_class::OTHER)
}

fn of_known(error: &dyn Any) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<BoxError>() {
        return Some(of_boxed(error.as_ref()));
    }
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return of_causes(error);
    }
    #[cfg(feature = "axum")]
    if let Some(error) = error.downcast_ref::<axum::Error>() {
        return of_causes(error);
    }
    #[cfg(feature = "hyper-util")]
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return of_causes(error);
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return of_causes(error);
    }
    None
}

fn of_causes(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut is_connecting = false;
    let class = error_class::of_causes(error, |cause| {
        is_connecting |= is_of_connect(cause);
        of_one(cause)
    });
    // Nothing but a TLS handshake parses what the server sends while a client connects.
    let is_handshake = is_connecting && class == error_class::of_io_kind(std::io::ErrorKind::InvalidData);
    if is_handshake {
        return Some(error_class::TLS);
    }
    // Only if no cause says more: the text within an error of a name lookup is a cause, too.
    class.or(is_connecting.then_some(error_class::CONNECTION_FAILED))
}

/// Returns whether `error` says that no connection could be made.
fn is_of_connect(error: &(dyn Error + 'static)) -> bool {
    #[cfg(feature = "hyper-util")]
    if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
        return error.is_connect();
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return error.is_connect();
    }
    let _ = error;
    false
}

fn of_one(error: &(dyn Error + 'static)) -> Option<&'static str> {
    #[cfg(any(feature = "axum", feature = "hyper-util", feature = "reqwest"))]
    if error.is::<tower::timeout::error::Elapsed>() || error.is::<tokio::time::error::Elapsed>() {
        return Some(error_class::TIMEOUT);
    }
    #[cfg(feature = "hyper-util")]
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return of_hyper(error);
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return of_reqwest(error);
    }
    let _ = error;
    None
}

#[cfg(feature = "hyper-util")]
fn of_hyper(error: &hyper::Error) -> Option<&'static str> {
    if error.is_timeout() {
        Some(error_class::TIMEOUT)
    } else if error.is_canceled() {
        Some(error_class::CANCELLED)
    } else if error.is_incomplete_message() || error.is_closed() {
        Some(error_class::CONNECTION_CLOSED)
    } else if error.is_parse() {
        Some("invalid_message")
    } else {
        None
    }
}

#[cfg(feature = "reqwest")]
fn of_reqwest(error: &reqwest::Error) -> Option<&'static str> {
    if error.is_timeout() {
        Some(error_class::TIMEOUT)
    } else if error.is_redirect() {
        Some("too_many_redirects")
    } else if error.is_builder() {
        Some("invalid_request")
    } else if error.is_decode() {
        Some("decode")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Wrapper(&'static str, #[source] Option<BoxError>);

    #[test]
    fn classes_come_from_types_and_never_from_texts() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for (error, expected) in [
            (Box::new(refused()) as BoxError, "connection_refused"),
            (Box::new(Wrapper("client error (Connect)", Some(Box::new(refused())))), "connection_refused"),
            (Box::new(io::Error::other(refused())), "connection_refused"),
            (Box::new(Wrapper("request timed out", None)), "_OTHER"),
            (Box::new(Wrapper("dns error", None)), "_OTHER"),
            (Box::new(Wrapper("invalid peer certificate", None)), "_OTHER"),
            (Box::new(Wrapper("order 4711 not found", None)), "_OTHER"),
        ] {
            assert_eq!(of_any(&error), expected, "{error}");
        }
        assert_eq!(of_error(&Wrapper("order 4711", None)), type_name::<Wrapper>());
        assert_eq!(of_any(&7_u8), "u8");
    }

    #[cfg(feature = "axum")]
    #[test]
    fn expired_timeouts() {
        let elapsed = Box::new(tower::timeout::error::Elapsed::new()) as BoxError;
        assert_eq!(of_any(&elapsed), "timeout");
    }
}
