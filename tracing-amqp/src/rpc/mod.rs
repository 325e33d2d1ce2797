//! Requests and replies over AMQP (`reply_to` and `correlation_id`).

mod client;
mod error;
mod reply;
mod waiting;

pub use client::RpcClient;
pub use error::RpcError;
