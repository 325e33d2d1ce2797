//! Memory for the spans of undecided traces.

mod blocks;
mod scopes;

pub(super) use blocks::{BLOCK_BYTES, Blocks, Chain};
pub(super) use scopes::ScopeHeads;
