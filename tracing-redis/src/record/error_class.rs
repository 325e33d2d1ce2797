//! The classes of redis errors: values of `error.type`.

use redis::{ErrorKind, RedisError};
use tracing_core_lite::database::Failure;
use tracing_core_lite::error_class;

/// The longest error code, in bytes.
const MAX_CODE: usize = 24;

/// The class of an error: one of few values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorClass<'a> {
    /// An error code of the server: the first word of its response.
    Server(&'a str),
    /// An error on the way.
    Client(&'static str),
}

impl<'a> ErrorClass<'a> {
    /// Returns the class of a code. A script may respond with any word, so a word that does not look like a code is `ERR`.
    pub(crate) fn of_code(code: &'a str) -> Self {
        let is_code = code.len() <= MAX_CODE && code.bytes().all(|byte| byte.is_ascii_uppercase());
        Self::Server(if is_code && !code.is_empty() { code } else { "ERR" })
    }

    pub(crate) fn of_error(error: &'a RedisError) -> Self {
        if let Some(code) = error.code() {
            return Self::of_code(code);
        }
        Self::Client(match error.kind() {
            ErrorKind::Io => of_io(error),
            ErrorKind::Parse => "parse_error",
            ErrorKind::AuthenticationFailed => "authentication_failed",
            ErrorKind::UnexpectedReturnType => "unexpected_type",
            ErrorKind::InvalidClientConfig => "invalid_config",
            ErrorKind::ClusterConnectionNotFound => "cluster_connection_not_found",
            ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::NoValidReplicasFoundBySentinel
            | ErrorKind::EmptySentinelList => "sentinel_error",
            _ => "client_error",
        })
    }

    /// Returns what a span records of the error.
    pub(crate) fn failure(self) -> Failure<'a> {
        match self {
            Self::Server(code) => Failure::from_status_code(code),
            Self::Client(class) => Failure::new(class),
        }
    }
}

/// Returns the class of the I/O error inside. An error without one is that of a connection that has closed.
fn of_io(error: &RedisError) -> &'static str {
    let class = error_class::of_causes(error, |_| None);
    class.unwrap_or(if error.is_connection_dropped() {
        error_class::CONNECTION_CLOSED
    } else {
        error_class::IO
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn io(kind: io::ErrorKind) -> RedisError {
        RedisError::from(io::Error::from(kind))
    }

    #[test]
    fn classes() {
        for (error, expected) in [
            (io(io::ErrorKind::TimedOut), "timeout"),
            (io(io::ErrorKind::ConnectionRefused), "connection_refused"),
            (io(io::ErrorKind::BrokenPipe), "broken_pipe"),
            (io(io::ErrorKind::Other), "io_error"),
            (RedisError::from((ErrorKind::Io, "closed")), "connection_closed"),
            (RedisError::from((ErrorKind::UnexpectedReturnType, "key 4711")), "unexpected_type"),
        ] {
            assert_eq!(ErrorClass::of_error(&error), ErrorClass::Client(expected));
        }
        assert_eq!(ErrorClass::of_code("WRONGTYPE"), ErrorClass::Server("WRONGTYPE"));
        assert_eq!(ErrorClass::of_code("order-4711"), ErrorClass::Server("ERR"));
    }
}
