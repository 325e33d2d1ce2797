//! Sampling by rules. The first rule that matches decides.

mod condition;
mod error;
mod facts;
mod force;
mod rule;
mod sampler;

pub use error::RuleError;
pub use force::{Force, ForceRule};
pub use rule::Rule;
pub use sampler::{Rules, RulesBuilder};
