//! A rate that is shared among keys.

mod key;
mod sampler;
mod schedule;
mod share;
mod table;

pub use sampler::{PerKey, PerKeyBuilder};
