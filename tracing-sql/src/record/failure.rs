//! The class of an error, which has low cardinality and contains nothing of the query.

use std::borrow::Cow;

use sqlx_core::error::{Error, ErrorKind};
use tracing_core_lite::database::Failure;
use tracing_core_lite::error_class as class;

/// Calls `visit` with the recordable parts of `error`.
///
/// The message is omitted, because databases quote values in their messages. The description is the kind of violation.
pub(crate) fn with_failure<R>(error: &Error, visit: impl FnOnce(Failure<'_>) -> R) -> R {
    let code = status_code(error);
    let failure = match &code {
        Some(code) => Failure::from_status_code(code),
        None => Failure::new(client_class(error)),
    };
    visit(failure.with_description(description(error)))
}

fn status_code(error: &Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(|error| error.code())
}

/// Returns the value of `error.type`: the database's code, the class of an I/O error, or the name of sqlx's variant.
#[must_use]
pub fn error_class(error: &Error) -> Cow<'_, str> {
    status_code(error).unwrap_or(Cow::Borrowed(client_class(error)))
}

/// Returns the class of an error without a database code.
fn client_class(error: &Error) -> &'static str {
    match error {
        Error::Configuration(_) => "Configuration",
        Error::InvalidArgument(_) => "InvalidArgument",
        Error::Database(_) => "Database",
        Error::Io(error) => class::of_io(error),
        Error::Tls(error) => class::of_causes(error.as_ref(), |_| None)
            .filter(|&class| class != class::IO)
            .unwrap_or(class::TLS),
        Error::Protocol(_) => "Protocol",
        Error::RowNotFound => "RowNotFound",
        Error::TypeNotFound { .. } => "TypeNotFound",
        Error::ColumnIndexOutOfBounds { .. } => "ColumnIndexOutOfBounds",
        Error::ColumnNotFound(_) => "ColumnNotFound",
        Error::ColumnDecode { .. } => "ColumnDecode",
        Error::Encode(_) => "Encode",
        Error::Decode(_) => "Decode",
        Error::PoolTimedOut => "PoolTimedOut",
        Error::PoolClosed => "PoolClosed",
        Error::WorkerCrashed => "WorkerCrashed",
        Error::InvalidSavePointStatement => "InvalidSavePointStatement",
        Error::BeginFailed => "BeginFailed",
        _ => class::OTHER,
    }
}

fn description(error: &Error) -> &'static str {
    match error.as_database_error().map(|error| error.kind()) {
        Some(ErrorKind::UniqueViolation) => "unique violation",
        Some(ErrorKind::ForeignKeyViolation) => "foreign key violation",
        Some(ErrorKind::NotNullViolation) => "not null violation",
        Some(ErrorKind::CheckViolation) => "check violation",
        Some(ErrorKind::ExclusionViolation) => "exclusion violation",
        _ => "",
    }
}
