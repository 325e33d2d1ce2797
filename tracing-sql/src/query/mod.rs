//! One query: taken apart, sanitized, recorded.

mod cache;
mod comment;
mod error_class;
mod known;
mod operation;
mod parameters;
mod stream;
mod taken;

pub use cache::sanitized;
pub(crate) use comment::commented;
pub use error_class::error_class;
pub(crate) use error_class::record_error;
pub(crate) use operation::Operation;
pub use parameters::with_parameters;
pub(crate) use stream::QueryStream;
pub(crate) use taken::TakenQuery;
