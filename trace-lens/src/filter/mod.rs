//! Selects traces by service, root and time, and by a subset of TraceQL.

mod condition;
mod error;
mod lexer;
mod query;
mod select;

pub use error::QueryError;
pub use query::Query;
pub use select::{Filter, parse_span_of_time, parse_time};
