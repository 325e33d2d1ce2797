//! The class of what went wrong.

use ::redis::{ErrorKind, RedisError, Value};
use tracing_core_lite::error_class;

/// Longest error code, in bytes.
const LONGEST_CODE: usize = 24;

/// What went wrong, in one of few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorClass<'a> {
    /// The first word of the server's answer.
    Server(&'a str),
    /// What happened on the way.
    Client(&'static str),
}

impl<'a> ErrorClass<'a> {
    /// A script may answer with anything, so that what does not look like a code is `ERR`.
    pub(super) fn of_code(code: &'a str) -> Self {
        let is_code = code.len() <= LONGEST_CODE && code.bytes().all(|byte| byte.is_ascii_uppercase());
        Self::Server(if is_code && !code.is_empty() { code } else { "ERR" })
    }

    pub(super) fn of_error(error: &'a RedisError) -> Self {
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

    pub(super) fn as_str(self) -> &'a str {
        match self {
            Self::Server(code) => code,
            Self::Client(class) => class,
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

/// A response in which an error may be.
pub(super) trait Response {
    /// The first error that the server has answered with.
    fn error(&self) -> Option<ErrorClass<'_>>;
    /// Whether it is nil.
    fn is_nil(&self) -> bool;
}

impl Response for Value {
    fn error(&self) -> Option<ErrorClass<'_>> {
        match self {
            Value::ServerError(error) => Some(ErrorClass::of_code(error.code())),
            _ => None,
        }
    }

    fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }
}

/// A transaction's answers are in an array within.
impl Response for Vec<Value> {
    fn error(&self) -> Option<ErrorClass<'_>> {
        self.iter().find_map(|value| match value {
            Value::Array(values) => values.iter().find_map(Response::error),
            value => value.error(),
        })
    }

    fn is_nil(&self) -> bool {
        matches!(self.as_slice(), [Value::Nil])
    }
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
            (RedisError::from((ErrorKind::Io, "closed")), "connection_closed"),
            (io(io::ErrorKind::Other), "io_error"),
            (RedisError::from((ErrorKind::UnexpectedReturnType, "key 4711")), "unexpected_type"),
        ] {
            assert_eq!(ErrorClass::of_error(&error).as_str(), expected);
        }
        assert_eq!(ErrorClass::of_code("WRONGTYPE").as_str(), "WRONGTYPE");
        assert_eq!(ErrorClass::of_code("order-4711").as_str(), "ERR");
    }
}
