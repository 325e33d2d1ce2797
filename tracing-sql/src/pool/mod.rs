//! Pools: executors whose queries have spans.

mod executor;
mod settings;
mod traced_pool;
mod wait;

pub use traced_pool::TracedPool;
