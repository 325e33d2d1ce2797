//! The class of an error: few values in all, and nothing of what was in the query.

use std::borrow::Cow;

use sqlx_core::error::{Error, ErrorKind};
use tracing_core_lite::Recorder;
use tracing_core_lite::error_class as class;

use crate::conventions::Conventions;
use crate::semconv::STATUS_CODE;

/// Records that `error` ended the operation: `error.type`, and `db.response.status_code` when the database said so.
///
/// The message stays out: databases quote values in theirs. What is said for people is the kind of violation.
pub(crate) fn record_error(span: &mut Recorder<'_>, conventions: Conventions, error: &Error) {
    let code = status_code(error);
    conventions.set_some(span, STATUS_CODE, code.as_deref());
    span.failed(&error_class(error), description(error));
}

fn status_code(error: &Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(|error| error.code())
}

/// Returns the value of `error.type`: the database's code, the class of an I/O error, or the name of sqlx's variant.
pub fn error_class(error: &Error) -> Cow<'_, str> {
    if let Some(code) = status_code(error) {
        return code;
    }
    Cow::Borrowed(match error {
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
    })
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
