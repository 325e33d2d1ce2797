//! The wrapper for connections, and the futures of its commands.

mod future;
mod traced_redis;

pub use traced_redis::TracedRedis;
