//! A shard owns a part of the undecided traces and decides about them.
//!
//! It has neither a thread nor a clock. Times are nanoseconds since any fixed moment.

mod decide;
mod emit;
mod ingest;
mod pending;
mod state;
mod units;

pub(super) use state::Shard;
