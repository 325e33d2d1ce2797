//! Bounds the number of distinct span names.
//!
//! Backends keep statistics by span name, and many bill for them. A name that contains an identifier, such as
//! `GET /api/users/12345`, creates a new series for each request. When there are too many names, a provider replaces new ones by
//! their template (`GET /api/users/{id}`), or by `other` if there is none. The attribute `tracing_suite.name.original` has the
//! original name. [`NameLimits`] sets the limits.

mod limits;
mod seen;
mod stage;
mod stats;

pub use limits::NameLimits;
pub use stage::BoundedNames;
pub use stats::NameStats;
