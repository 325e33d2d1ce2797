//! Decisions when a trace starts.
//!
//! | sampler | samples |
//! |---|---|
//! | [`Rules`] | what the first matching rule says: by route, path, method, service, kind, attribute or header |
//! | [`RateLimiting`] | up to a number of traces per second, with correct counts |
//! | [`PerKey`] | a number of traces per second, shared among the values of some attributes |
//! | [`AnyOf`] | what any of its members would sample |
//! | [`ParentThreshold`] | what the threshold of the parent says |
//! | [`AlwaysRecord`] | what the wrapped sampler says, and records the rest for a [tail](crate::tail) |
//!
//! All of them are consistent, and all but the last can decide about the roots of
//! [`ParentBased`](tracing_core_lite::sampling::ParentBased).

mod always_record;
mod any_of;
pub(crate) mod composable;
mod parent_threshold;
mod per_key;
mod rate;
mod rules;

pub use always_record::AlwaysRecord;
pub use any_of::AnyOf;
pub use composable::{ComposableSampler, Intent};
pub use parent_threshold::ParentThreshold;
pub(crate) use parent_threshold::of_parent as intent_of_parent;
pub use per_key::{PerKey, PerKeyBuilder};
pub use rate::RateLimiting;
pub use rules::{Force, ForceRule, Rule, RuleError, Rules, RulesBuilder};
