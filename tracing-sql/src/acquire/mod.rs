//! Pools, connections and transactions as sources of connections.

mod of_sqlx;
mod traced_acquire;

pub use traced_acquire::TracedAcquire;
