//! Connections: executors whose queries have spans.

pub(crate) mod executor;
mod pooled;
mod traced_connection;

pub use pooled::TracedPoolConnection;
pub(crate) use traced_connection::Held;
pub use traced_connection::TracedConnection;
