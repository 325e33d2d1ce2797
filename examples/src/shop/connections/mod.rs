//! How services reach each other, their databases and their brokers. Every span that crosses a process starts here.

pub(super) mod database;
mod grpc;
mod job_queues;
pub(super) mod kafka;
mod peer;

pub use database::Database;
pub(super) use database::{Transaction, on_database};
pub(super) use grpc::{GrpcChannel, channel, router as grpc_router};
pub(super) use job_queues::{JobQueues, PublishError};
pub use peer::{CallError, Peer};
