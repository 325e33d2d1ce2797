//! Bounds the number of distinct span names, and finds attributes with too many distinct values.
//!
//! Backends keep statistics by span name, and many bill for them. A name that contains an identifier, such as
//! `GET /api/users/12345`, creates a new series for each request. When there are too many names, a provider replaces new ones by
//! their template (`GET /api/users/{id}`), or by `other` if there is none. The attribute `tracing_suite.name.original` has the
//! original name. [`NameLimits`] sets the limits.
//!
//! Distinct values of attributes are counted per key and span name. An attribute with too many is reported once, and its values
//! stay: users search by them. [`ValueLimits`] sets the limits, and can drop or hash the values of some keys beyond them.

mod hashes;
mod limits;
#[cfg(feature = "guard-metrics")]
mod metrics;
mod pace;
mod report;
mod seen;
mod series;
mod sketch;
mod stage;
mod stats;
mod value_limits;
mod value_stage;
mod value_stats;

pub use limits::NameLimits;
pub use stage::BoundedNames;
pub use stats::NameStats;
pub use value_limits::{ValueAction, ValueLimits};
pub use value_stage::BoundedValues;
pub use value_stats::{ValueOffender, ValueStats};
