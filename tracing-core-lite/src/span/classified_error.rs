//! Errors that know whether the operation has failed.

use std::backtrace::Backtrace;
use std::error::Error;

/// An error that says what class it belongs to, and whether the caller expects it.
///
/// Implement it for the error type of a service or module. The decision about what is a failure is then made once, and spans follow
/// it wherever such an error is [recorded](super::Span::record_classified):
///
/// | | expected | not expected |
/// |---|---|---|
/// | examples | invalid input, a rate limit, a declined card, nothing found | a lost connection, a timeout of a dependency, a bug |
/// | status | unset | error, with the message |
/// | `error.type` | not set, because the operation has not failed | the class |
/// | `error_handled` | `true` | not set |
/// | `tracing_suite.handled_error.class` | the class | not set |
/// | event `exception` | type and message | type, message, causes, and the [stack](ClassifiedError::backtrace) |
///
/// A cache miss or an empty result is no error at all: return `Ok`.
///
/// ```
/// use tracing_core_lite::span::ClassifiedError;
/// # use tracing_core_lite::testing::TestSpans;
///
/// #[derive(Debug, thiserror::Error)]
/// enum OrderError {
///     #[error("the order has no items")]
///     Empty,
///     #[error("the database is not reachable")]
///     Database(#[from] std::io::Error),
/// }
///
/// impl ClassifiedError for OrderError {
///     fn class(&self) -> &str {
///         match self {
///             Self::Empty => "validation",
///             Self::Database(_) => "database",
///         }
///     }
///
///     fn is_expected(&self) -> bool {
///         matches!(self, Self::Empty)
///     }
/// }
///
/// # let spans = TestSpans::new();
/// # let tracer = spans.tracer();
/// let span = tracer.span("place order").start();
/// span.record_classified(&OrderError::Empty);
/// span.end();
/// # assert_eq!(spans.one("place order").bool("error_handled"), Some(true));
/// ```
pub trait ClassifiedError: Error {
    /// Returns the class, which is one of few values, such as `card_declined`. It must not contain a message or an id.
    fn class(&self) -> &str;

    /// Returns whether the error is part of normal operation, so that the operation has not failed. The default is `false`.
    fn is_expected(&self) -> bool {
        false
    }

    /// Returns the stack at which the error occurred, if the error has captured one. It becomes part of
    /// `exception.stacktrace` unless the error is expected. The default is `None`, because capturing a stack is slow.
    fn backtrace(&self) -> Option<&Backtrace> {
        None
    }
}

impl<E: ClassifiedError + ?Sized> ClassifiedError for &E {
    fn class(&self) -> &str {
        (**self).class()
    }

    fn is_expected(&self) -> bool {
        (**self).is_expected()
    }

    fn backtrace(&self) -> Option<&Backtrace> {
        (**self).backtrace()
    }
}

impl<E: ClassifiedError> ClassifiedError for Box<E> {
    fn class(&self) -> &str {
        (**self).class()
    }

    fn is_expected(&self) -> bool {
        (**self).is_expected()
    }

    fn backtrace(&self) -> Option<&Backtrace> {
        (**self).backtrace()
    }
}
