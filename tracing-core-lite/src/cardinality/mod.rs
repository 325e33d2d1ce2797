//! Bounds the number of distinct span names.
//!
//! Backends keep statistics by span name, and many bill for them. A name with an identifier in it, such as
//! `GET /api/users/12345`, makes a new series for each request. Beyond a bound, a provider exports a name as its template
//! (`GET /api/users/{id}`), or as `other` if it has none. The original name stays in the attribute
//! `tracing_suite.name.original`. [`NameLimits`] has the bounds.

mod limits;
mod seen;
mod stage;
mod stats;

pub use limits::NameLimits;
pub use stage::BoundedNames;
pub use stats::NameStats;
