//! Policies: which traces are kept.

mod builders;
mod model;

pub use model::{AttributeMatch, Policy, PolicyKind, Share, TextMatch};
