//! Classes of errors for `error.type`: few, and never a message.

use std::any::Any;
use std::error::Error;
use std::io;

type BoxError = Box<dyn Error + Send + Sync>;

/// Causes that are looked at, at most: a chain may be a circle.
const LONGEST_CHAIN: usize = 16;

/// Errors whose types cannot be named from here, known by what they display. These texts are constants of their crates.
const BY_TEXT: &[(&str, &str)] = &[
    ("dns error", "dns_error"),
    ("failed to lookup address information", "dns_error"),
    ("operation timed out", "timeout"),
    ("request timed out", "timeout"),
    ("deadline has elapsed", "timeout"),
    ("connection timed out", "timeout"),
    ("tcp connect timed out", "timeout"),
    ("operation was canceled", "cancelled"),
    ("connection closed before message completed", "connection_closed"),
    ("channel closed", "connection_closed"),
    ("invalid peer certificate", "tls_error"),
    ("received fatal alert", "tls_error"),
    ("received corrupt message", "tls_error"),
    ("peer sent no certificates", "tls_error"),
    ("invalid url", "invalid_url"),
];

/// The class of an error of a type that may or may not be an [`Error`].
pub(crate) fn of_any<E: Any>(error: &E) -> &'static str {
    of_known(error).unwrap_or(std::any::type_name::<E>())
}

/// The class of `error`, which is that of the deepest cause that has one; else the name of its type.
pub(crate) fn of_error<E: Error + 'static>(error: &E) -> &'static str {
    of_chain(error).unwrap_or(std::any::type_name::<E>())
}

/// As [`of_error`]; the type behind a box has no name, so what is not known is `_OTHER`.
pub(crate) fn of_boxed(error: &(dyn Error + 'static)) -> &'static str {
    of_chain(error).unwrap_or("_OTHER")
}

fn of_known(error: &dyn Any) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<BoxError>() {
        return Some(of_boxed(error.as_ref()));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_chain(error);
    }
    #[cfg(feature = "axum")]
    if let Some(error) = error.downcast_ref::<axum::Error>() {
        return of_chain(error);
    }
    #[cfg(feature = "hyper-util")]
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return of_chain(error);
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return of_chain(error);
    }
    None
}

/// The deepest known cause says most: "connection refused" rather than "connect".
fn of_chain(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut class = None;
    let mut next = Some(error);
    for _ in 0..LONGEST_CHAIN {
        let Some(error) = next else { break };
        class = of_one(error).or(class);
        next = error.downcast_ref::<io::Error>().and_then(wrapped).or_else(|| error.source());
    }
    class
}

/// What an [`io::Error`] was made of: its `source` would skip it.
fn wrapped(error: &io::Error) -> Option<&(dyn Error + 'static)> {
    error.get_ref().map(|inner| inner as _)
}

fn of_one(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_io(error);
    }
    #[cfg(feature = "hyper-util")]
    if let Some(class) = error.downcast_ref::<hyper::Error>().and_then(of_hyper) {
        return Some(class);
    }
    #[cfg(feature = "reqwest")]
    if let Some(class) = error.downcast_ref::<reqwest::Error>().and_then(of_reqwest) {
        return Some(class);
    }
    let text = error.to_string();
    BY_TEXT.iter().find(|(start, _)| text.starts_with(start)).map(|(_, class)| *class)
}

fn of_io(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        io::ErrorKind::TimedOut => "timeout",
        io::ErrorKind::ConnectionRefused => "connection_refused",
        io::ErrorKind::ConnectionReset => "connection_reset",
        io::ErrorKind::ConnectionAborted => "connection_aborted",
        io::ErrorKind::BrokenPipe => "broken_pipe",
        io::ErrorKind::NotConnected | io::ErrorKind::UnexpectedEof => "connection_closed",
        io::ErrorKind::HostUnreachable => "host_unreachable",
        io::ErrorKind::NetworkUnreachable => "network_unreachable",
        io::ErrorKind::AddrNotAvailable => "address_not_available",
        io::ErrorKind::Interrupted => "interrupted",
        _ => {
            let text = error.to_string();
            return BY_TEXT.iter().find(|(start, _)| text.starts_with(start)).map(|(_, class)| *class);
        }
    })
}

#[cfg(feature = "hyper-util")]
fn of_hyper(error: &hyper::Error) -> Option<&'static str> {
    if error.is_timeout() {
        Some("timeout")
    } else if error.is_canceled() {
        Some("cancelled")
    } else if error.is_incomplete_message() || error.is_closed() {
        Some("connection_closed")
    } else if error.is_parse() {
        Some("invalid_message")
    } else {
        None
    }
}

#[cfg(feature = "reqwest")]
fn of_reqwest(error: &reqwest::Error) -> Option<&'static str> {
    if error.is_timeout() {
        Some("timeout")
    } else if error.is_redirect() {
        Some("too_many_redirects")
    } else if error.is_builder() {
        Some("invalid_request")
    } else if error.is_connect() {
        Some("connect")
    } else if error.is_decode() {
        Some("decode")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Wrapper(&'static str, #[source] Option<BoxError>);

    #[test]
    fn classes() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let dns = io::Error::other("failed to lookup address information: Name or service not known");
        let tls =
            io::Error::new(io::ErrorKind::InvalidData, Wrapper("invalid peer certificate: Expired", None));
        for (error, expected) in [
            (Box::new(refused()) as BoxError, "connection_refused"),
            (Box::new(Wrapper("client error (Connect)", Some(Box::new(refused())))), "connection_refused"),
            (Box::new(Wrapper("dns error", Some(Box::new(dns)))), "dns_error"),
            (Box::new(Wrapper("x", Some(Box::new(tls)))), "tls_error"),
            (Box::new(io::Error::other(refused())), "connection_refused"),
            (Box::new(Wrapper("request timed out", None)), "timeout"),
            (Box::new(Wrapper("order 4711 not found", None)), "_OTHER"),
        ] {
            assert_eq!(of_any(&error), expected, "{error}");
        }
        assert_eq!(of_error(&Wrapper("order 4711", None)), std::any::type_name::<Wrapper>());
        assert_eq!(of_any(&7_u8), "u8");
    }
}
