//! One owner of undecided traces: it takes spans in, and decides.
//!
//! A shard has no thread and no clock of its own. Times are nanoseconds since any fixed moment.

mod decide;
mod emit;
mod ingest;
mod pending;
mod state;
mod units;

pub(super) use state::Shard;
